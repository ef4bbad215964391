# Slopes within and between firms by lme4::glmer on the rows of logistic.R, adaptive quadrature with 25 points: with
# observed firm means, and with means corrected by hand from the mean squares of aov. The log-likelihood and the
# covariance are those of integrate(), firm by firm, at glmer's estimates.
# Run in this folder: Rscript within_between.R   (writes within_between.csv)
suppressPackageStartupMessages(library(lme4))
rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$ease <- 6 - rows$effort  # up is good
rows$size <- as.numeric(factor(ave(rows$nps, rows$firm, FUN = length) > 10))  # of the firm
out <- file("within_between.csv", "w")
writeLines(c(sprintf("# %s; lme4 %s; made by within_between.R", R.version.string, packageVersion("lme4")),
  "case,what,value"), out)
line <- function(case, what, value) writeLines(sprintf("%s,%s,%.15g", case, what, as.numeric(value)), out)

likelihood <- function(parameters, X, y, firm) {
  eta <- X %*% parameters[-length(parameters)]; sd <- parameters[length(parameters)]
  sum(sapply(split(seq_along(y), firm), function(i) {
    joint <- function(u) sapply(u, function(v) sum(plogis(ifelse(y[i] == 1, 1, -1) * (eta[i] + sd * v), log.p = TRUE)) +
      dnorm(v, log = TRUE))
    top <- optimize(joint, c(-6, 6), maximum = TRUE, tol = 1e-8)
    area <- function(low, high) integrate(function(u) exp(joint(u) - top$objective), low, high, rel.tol = 1e-12,
      subdivisions = 1000)$value
    log(area(top$maximum - 9, top$maximum) + area(top$maximum, top$maximum + 9)) + top$objective
  }))
}

fitted_by_glmer <- function(case, x, m, controls = NULL) {
  data <- data.frame(rows, x = x, m = m)
  model <- reformulate(c("I(x - m)", "m", controls, "(1 | firm)"), "stayed")
  fit <- glmer(model, data, binomial, nAGQ = 25, control = glmerControl(optimizer = "bobyqa",
    optCtrl = list(maxfun = 1e6, rhoend = 1e-9), tolPwrss = 1e-13))
  X <- getME(fit, "X"); found <- c(fixef(fit), getME(fit, "theta"))
  V <- solve(-optimHess(found, likelihood, X = X, y = rows$stayed, firm = rows$firm,
    control = list(ndeps = rep(1e-4, length(found)))))
  line(case, "within", found[[2]]); line(case, "between", found[[3]]); line(case, "spread", found[[length(found)]])
  line(case, "within_se", sqrt(V[2, 2])); line(case, "between_se", sqrt(V[3, 3]))
  line(case, "contextual_se", sqrt(V[2, 2] + V[3, 3] - 2 * V[2, 3]))
  line(case, "log_likelihood", likelihood(found, X, rows$stayed, rows$firm))
}

variances <- function(case, x, group = NULL) {
  n <- tapply(x, rows$firm, length)
  firms <- data.frame(m = c(tapply(x, rows$firm, mean)), n = c(n))
  if (!is.null(group)) firms$g <- c(tapply(group, rows$firm, mean))
  model <- if (is.null(group)) m ~ 1 else m ~ g
  squares <- summary(aov(x ~ rows$firm))[[1]]
  inside <- squares[["Mean Sq"]][2]
  if (is.null(group)) {  # the textbook's n0
    tau2 <- (squares[["Mean Sq"]][1] - inside) / ((sum(n) - sum(n^2) / sum(n)) / (length(n) - 1))
    line(case, "p_value", squares[["Pr(>F)"]][1])
  } else {
    between <- lm(model, firms, weights = n)
    tau2 <- (sum(n * resid(between)^2) - between$df.residual * inside) / sum(n * (1 - hatvalues(between)))
  }
  line(case, "within_variance", inside); line(case, "between_variance", tau2)
  line(case, "reliability", tau2 / (tau2 + mean(inside / n))); line(case, "icc", tau2 / (tau2 + inside))
  firms$w <- 1 / (tau2 + inside / n)
  centre <- fitted(lm(model, firms, weights = w))
  corrected <- as.numeric(centre + tau2 * firms$w * (firms$m - centre))
  corrected[match(rows$firm, names(n))]
}

observed <- function(x) ave(x, rows$firm)
for (metric in c("nps", "ease")) {
  x <- rows[[metric]]
  fitted_by_glmer(paste(metric, "observed"), x, observed(x))
  fitted_by_glmer(paste(metric, "corrected"), x, variances(metric, x))
}
controls <- c("tenure", "plan", "size")
fitted_by_glmer("controls observed", rows$nps, observed(rows$nps), controls)
fitted_by_glmer("controls corrected", rows$nps, variances("controls", rows$nps, rows$size), controls)
close(out)
