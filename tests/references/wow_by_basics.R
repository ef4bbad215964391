# Adjusted means of four corners of wow and errors: predictive margins by hand from R's glm and lm with their formulas,
# and the standard errors of the differences of a binary outcome by the delta method with a sandwich covariance, the
# controls of the rows taken as fixed. Latent steps from MASS::polr.
# Run: Rscript wow_by_basics.R   (writes wow_by_basics.csv)
suppressPackageStartupMessages({library(sandwich); library(MASS)})
out <- file("wow_by_basics.csv", "w")
versions <- sprintf("# %s; sandwich %s; MASS %s", R.version.string, packageVersion("sandwich"), packageVersion("MASS"))
writeLines(c(versions, "outcome,part,term,estimate,std_error"), out)
put <- function(outcome, part, term, estimate, error) writeLines(sprintf("%s,%s,%s,%.15g,%.15g", outcome, part, term, estimate, error), out)

# Made from whole numbers alone; tests/methods/test_wow_by_basics.py makes the same.
n <- 900
i <- seq_len(n) - 1
draw <- function(a, m) ((i * a + 17) %% m) / m
d <- data.frame(tenure = (i * 37) %% 11, wow = as.integer(draw(7919, 9973) < .4))
d$plan <- c("basic", "plus", "pro")[1 + (i * 61) %% 3]
d$errors <- floor(5 * draw(104729, 9967)^2)
line <- -.2 + .08 * d$tenure - .5 * d$errors + d$wow * (1 - .3 * d$errors) - .2 * (d$plan == "pro")
d$back <- as.integer(draw(32452, 9941) < plogis(line))
d$spend <- round(40 + 10 * line + 30 * (draw(49979, 9931) - .5), 2)
d$stars <- pmin(pmax(round(d$spend / 14), 1), 5)
right <- ~ wow * errors + I(errors^2) + tenure + plan
few <- min(d$errors[rank(d$errors, ties.method = "max") >= .1 * n])
many <- min(d$errors[rank(d$errors, ties.method = "max") >= .9 * n])
corners <- list(c(0, few), c(1, few), c(0, many), c(1, many))
names(corners) <- c("few errors, no wow", "few errors, wow", "many errors, no wow", "many errors, wow")
steps <- rbind(c(-1, 1, 0, 0), c(0, 0, -1, 1), c(-1, 1, 1, -1), c(1, 0, 0, -1))
terms <- c("wow at few errors", "wow at many errors", "at few - at many errors", "few errors, no wow - many errors, wow")
at <- function(corner) transform(d, wow = corner[1], errors = corner[2])
models <- list(back = glm(update(right, back ~ .), binomial, d, control = glm.control(epsilon = 1e-14, maxit = 50)),
               spend = lm(update(right, spend ~ .), d))
for (name in names(models)) {
  m <- models[[name]]
  designs <- lapply(corners, function(corner) model.matrix(right, at(corner)))
  predict_of <- function(x) if (name == "back") plogis(x %*% coef(m)) else x %*% coef(m)
  slope_of <- function(x) if (name == "back") dlogis(as.vector(x %*% coef(m))) else rep(1, nrow(x))
  means <- sapply(designs, function(x) mean(predict_of(x)))
  gradient <- t(sapply(designs, function(x) colMeans(x * slope_of(x))))
  v <- gradient %*% vcovHC(m, type = "HC0") %*% t(gradient)
  for (k in seq_along(corners)) put(name, "outcome", sprintf('"%s"', names(corners)[k]), means[k], sqrt(v[k, k]))
  for (k in seq_along(terms)) put(name, "difference", sprintf('"%s"', terms[k]), sum(steps[k, ] * means), sqrt(steps[k, ] %*% v %*% steps[k, ]))
}
fit <- polr(update(right, factor(stars) ~ .), d, method = "probit", Hess = TRUE, control = list(reltol = 1e-15, maxit = 1000))
sd_latent <- sqrt(1 + mean((fit$lp - mean(fit$lp))^2))
lines <- sapply(corners, function(corner) mean(model.matrix(right, at(corner))[, -1] %*% coef(fit)[colnames(model.matrix(right, d))[-1]]))
for (k in seq_along(terms)) put("stars", "latent", sprintf('"%s"', terms[k]), sum(steps[k, ] * lines) / sd_latent, NA)
close(out)
