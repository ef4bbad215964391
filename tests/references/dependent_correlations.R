# Dependent correlations: cor.test (t and Fisher's interval), psych::r.test (Williams), the formulas of Williams,
# Steiger, Meng, Rosenthal & Rubin and Zou written out from the papers, and survey::svycontrast (weights, clusters).
# Run after logistic.R: Rscript dependent_correlations.R   (writes dependent_correlations.csv)
suppressPackageStartupMessages({library(psych); library(survey)})
out <- file("dependent_correlations.csv", "w")
writeLines(c(sprintf("# %s; psych %s; survey %s", R.version.string, packageVersion("psych"), packageVersion("survey")),
  "case,term,quantity,value"), out)
put <- function(case, term, ...) { v <- c(...); writeLines(sprintf("%s,%s,%s,%.15g", case, term, names(v), v), out) }
crit <- qnorm(0.975)

# j is the outcome, k and h are the metrics.
three <- function(case, term, jk, jh, kh, n) {
  z <- atanh(c(jk, jh)); gap <- z[1] - z[2]
  # Williams (1959), as Steiger (1980) has it
  R <- det(matrix(c(1, jk, jh, jk, 1, kh, jh, kh, 1), 3))
  williams <- (jk - jh) * sqrt((n - 1) * (1 + kh) / (2 * (n - 1) / (n - 3) * R + ((jk + jh) / 2)^2 * (1 - kh)^3))
  stopifnot(abs(williams - r.test(n, r12 = jk, r13 = jh, r23 = kh)$t) < 1e-12)
  # Steiger (1980): the covariance at the mean of the two correlations
  m <- (jk + jh) / 2
  psi <- kh * (1 - 2 * m^2) - 0.5 * m^2 * (1 - 2 * m^2 - kh^2)
  steiger <- gap * sqrt(n - 3) / sqrt(2 - 2 * psi / (1 - m^2)^2)
  # Meng, Rosenthal & Rubin (1992)
  r2 <- (jk^2 + jh^2) / 2
  f <- min(1, (1 - kh) / (2 * (1 - r2))); h <- (1 - f * r2) / (1 - r2)
  meng <- gap * sqrt((n - 3) / (2 * (1 - kh) * h)); half <- crit * sqrt(2 * (1 - kh) * h / (n - 3))
  # Zou (2007), section on overlapping correlations
  limits <- function(r) tanh(atanh(r) + c(-1, 1) * crit / sqrt(n - 3))
  l <- limits(jk); u <- limits(jh)
  cc <- ((kh - jk * jh / 2) * (1 - jk^2 - jh^2 - kh^2) + kh^3) / ((1 - jk^2) * (1 - jh^2))
  d <- jk - jh
  low <- d - sqrt((jk - l[1])^2 + (u[2] - jh)^2 - 2 * cc * (jk - l[1]) * (u[2] - jh))
  high <- d + sqrt((l[2] - jk)^2 + (jh - u[1])^2 - 2 * cc * (l[2] - jk) * (jh - u[1]))
  put(case, term, estimate = d, zou_low = low, zou_high = high,
    williams = williams, williams_p = 2 * pt(-abs(williams), n - 3), steiger = steiger,
    steiger_p = 2 * pnorm(-abs(steiger)), meng = meng, meng_p = 2 * pnorm(-abs(meng)),
    gap = gap, meng_low = gap - half, meng_high = gap + half)
}
three("published", "k - h", .5, .4, .6, 300)
three("capped", "k - h", .6, -.5, -.5, 40)  # f would exceed 1
three("negative", "k - h", -.3, .2, -.4, 25)

rows <- read.csv("logistic_rows.csv", comment.char = "#")
# Up is good: little effort, a short tenure (so declared for the sake of the test), many stars.
up <- with(rows, data.frame(y = stars, a = nps, b = 6 - effort, d = -tenure, firm, weight))
names <- c(a = "nps", b = "effort", d = "tenure")
for (m in c("a", "b", "d")) {
  test <- cor.test(up$y, up[[m]])
  put("rows", names[[m]], estimate = test$estimate[[1]], ci_low = test$conf.int[1], ci_high = test$conf.int[2],
    statistic = test$statistic[[1]], p_value = test$p.value)
}
for (p in list(c("a", "b"), c("a", "d"), c("b", "d"))) three("rows", paste(names[p], collapse = " - "),
  cor(up$y, up[[p[1]]]), cor(up$y, up[[p[2]]]), cor(up[[p[1]]], up[[p[2]]]), nrow(up))

# With weights or clusters: correlations as smooth functions of weighted means, variance by linearisation.
cor_of <- function(m) substitute((my - y * x) / sqrt((yy - y^2) * (xx - x^2)),
  list(my = as.name(paste0(m, "y")), y = as.name("y"), x = as.name(m), yy = as.name("yy"), xx = as.name(paste0(m, m))))
minus <- function(p) bquote(.(cor_of(p[1])) - .(cor_of(p[2])))
for (m in c("a", "b", "d")) { up[[paste0(m, "y")]] <- up[[m]] * up$y; up[[paste0(m, m)]] <- up[[m]]^2 }
up$yy <- up$y^2
for (case in c("cluster", "weight", "weight cluster")) {
  sample <- svydesign(ids = if (grepl("cluster", case)) ~firm else ~1, data = up,
    weights = if (grepl("weight", case)) ~weight else ~1)
  moments <- svymean(~y + a + b + d + ay + by + dy + aa + bb + dd + yy, sample)
  terms <- c(lapply(c("a", "b", "d"), cor_of), lapply(list(c("a", "b"), c("a", "d"), c("b", "d")), minus))
  for (i in seq_along(terms)) {
    fit <- svycontrast(moments, terms[[i]])
    put(case, c("nps", "effort", "tenure", "nps - effort", "nps - tenure", "effort - tenure")[i],
      estimate = coef(fit)[[1]], std_error = SE(fit)[[1]])
  }
}
close(out)
