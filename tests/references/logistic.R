# Logistic regression on simulated rows: glm, sandwich (clusters), survey (weights, and weights with clusters).
# Run: Rscript logistic.R   (writes logistic_rows.csv and logistic.csv beside itself)
suppressPackageStartupMessages({library(sandwich); library(survey)})
version <- sprintf("# %s; sandwich %s; survey %s", R.version.string, packageVersion("sandwich"), packageVersion("survey"))
set.seed(20260101)
firms <- 60; n <- 600
firm <- sort(sample.int(firms, n, replace = TRUE))
lift <- rnorm(firms)[firm]
plan <- sample(c("basic", "gold", "silver"), n, replace = TRUE)
tenure <- round(rexp(n, 1 / 12), 1)
latent <- 0.5 * lift + rnorm(n)
nps <- pmin(10, pmax(0, round(6 + 2.2 * latent + rnorm(n))))
effort <- pmin(5, pmax(1, round(3 - 0.7 * latent + rnorm(n))))
p <- plogis(-1.2 + 0.2 * nps - 0.15 * effort + 0.5 * (plan == "gold") + 0.01 * tenure + 0.7 * lift)
rows <- data.frame(firm = sprintf("f%02d", firm), plan, tenure, nps, effort, weight = round(runif(n, 0.3, 3), 3),
  stayed = rbinom(n, 1, p))
# stars on the same rows, for the ordered probit
rows$stars <- findInterval(0.25 * rows$nps - 0.2 * rows$effort + 0.3 * (plan == "gold") + 0.4 * lift + rnorm(n),
  c(-0.6, -0.1, 0.6, 1.5)) + 1
cat("# Simulated by logistic.R,", R.version.string, "\n", file = "logistic_rows.csv")
suppressWarnings(write.table(rows, "logistic_rows.csv", sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))

rows$ease <- 6 - rows$effort  # up is good
model <- stayed ~ nps + ease + tenure + plan
tight <- glm.control(epsilon = 1e-15, maxit = 100)
terms <- c("(intercept)", "nps", "effort", "tenure", "plan[gold]", "plan[silver]")
out <- file("logistic.csv", "w")
writeLines(c(version, "design,term,estimate,std_error,log_likelihood,null_log_likelihood"), out)
line <- function(design, fit, V, ll = NA, ll0 = NA) for (j in seq_along(terms)) writeLines(sprintf(
  "%s,%s,%.15g,%.15g,%.15g,%.15g", design, terms[j], coef(fit)[[j]], sqrt(V[j, j]), ll, ll0), out)
fit <- glm(model, binomial, rows, control = tight)
fit <- glm(model, binomial, rows, control = tight, start = coef(fit))  # its weights lag one step behind
line("simple", fit, vcov(fit), as.numeric(logLik(fit)), -fit$null.deviance / 2)
G <- length(unique(rows$firm))
line("cluster", fit, vcovCL(fit, cluster = rows$firm, type = "HC0", cadjust = FALSE) * G / (G - 1))
for (design in c("weight", "weight cluster")) {
  ids <- if (design == "weight") ~1 else ~firm
  sample <- svydesign(ids = ids, weights = ~weight, data = rows)
  fit <- svyglm(model, sample, family = quasibinomial(), control = tight)
  fit <- svyglm(model, sample, family = quasibinomial(), control = tight, start = coef(fit))
  line(design, fit, vcov(fit))
}
close(out)
