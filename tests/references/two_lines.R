# The two-lines test of Simonsohn (2018), written from the article with mgcv, sandwich and lmtest: the smooth fit, the
# breakpoint by the Robin Hood algorithm and the two slopes with HC3 errors.
# Run: Rscript two_lines.R   (writes two_lines.csv)
suppressPackageStartupMessages({library(mgcv); library(sandwich); library(lmtest)})
out <- file("two_lines.csv", "w")
writeLines(c(sprintf("# %s; mgcv %s; sandwich %s; lmtest %s", R.version.string, packageVersion("mgcv"),
                     packageVersion("sandwich"), packageVersion("lmtest")), "case,part,key,value"), out)
put <- function(case, part, key, value) writeLines(sprintf("%s,%s,%.17g,%.17g", case, part, key, value), out)

# Made from whole numbers alone, so that no row needs storing; tests/methods/test_two_lines.py makes the same.
made <- function(n, levels, step) {
  i <- seq_len(n)
  x <- ((i * 7919) %% levels) * step
  noise <- qnorm((((i * 104729) %% 9973) + 0.5) / 9973)
  list(x = x, noise = noise)
}
wide <- made(301, 1009, 0.01)
few <- made(420, 11, 1)
cases <- list(
  hump = data.frame(x = wide$x, y = round(-(wide$x - 4)^2 / 8 + wide$noise, 3)),
  valley = data.frame(x = few$x, y = round((few$x - 6)^2 / 25 + 0.8 * few$noise, 3)),
  rising = data.frame(x = few$x, y = round(log(1 + few$x) + few$noise, 3)))
# The example with which the author of the test shows his own implementation (package statuser, twolines()).
set.seed(123)
x <- rnorm(100)
cases$example <- data.frame(x = x, y = -x^2 + rnorm(100))
for (i in 1:100) for (column in c("x", "y")) put("example", column, i, cases$example[[column]][i])

line <- function(d) coeftest(glm(y ~ x, data = d), vcov. = function(m) vcovHC(m, "HC3"))["x", ]
for (case in names(cases)) {
  d <- cases[[case]]
  k <- min(10, length(unique(d$x)))
  fit <- gam(y ~ s(x, bs = "cr", k = k), data = d, control = gam.control(epsilon = 1e-12, mgcv.tol = 1e-12))
  at <- sort(unique(d$x))
  some <- predict(fit, data.frame(x = at), se.fit = TRUE)
  for (j in unique(round(seq(1, length(at), length.out = 21)))) {
    put(case, "fitted", at[j], some$fit[j])
    put(case, "se", at[j], some$se.fit[j])
  }
  put(case, "edf", 0, sum(fit$edf))
  q <- coef(lm(y ~ x + I(x^2), d))
  turn <- if (q[2] + 2 * q[3] * min(d$x) > 0) 1 else -1
  inside <- d$x > quantile(d$x, .1) & d$x < quantile(d$x, .9)
  own <- predict(fit, se.fit = TRUE)
  most <- max(turn * own$fit[inside])
  flat <- d$x[inside][(turn * own$fit + own$se.fit)[inside] > most]
  for (type in c(1, 7)) {
    middle <- quantile(flat, .5, type = type)
    z <- abs(c(line(d[d$x <= middle, ])[3], line(d[d$x >= middle, ])[3]))
    cut <- quantile(flat, z[2] / sum(z), type = type)
    put(case, "breakpoint", type, cut)
    for (side in 1:2) {
      found <- line(if (side == 1) d[d$x <= cut, ] else d[d$x >= cut, ])
      for (part in 1:4) put(case, sprintf("%s%d", c("slope", "error", "z", "p")[part], side), type, found[part])
    }
  }
}
close(out)
