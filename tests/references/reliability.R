# Reference values for cx.reliability. Run in this folder: Rscript reliability.R
# Alpha from covariances in base R; omega, communalities and all robust errors from lavaan (MLR: Huber-White, clusters and
# sampling weights included). Effort is turned (6 - effort) so that up is good. Rows are those of invariance_rows.csv,
# complete on the four metrics; firm = row number modulo 50, weight = 1, 2 or 3 in turn.
suppressPackageStartupMessages(library(lavaan))
rows <- read.csv("invariance_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
metrics <- c("nps", "csat", "effort", "value")
rows <- rows[complete.cases(rows[metrics]), ]
n <- nrow(rows)
rows$firm <- seq_len(n) %% 50
rows$weight <- 1 + seq_len(n) %% 3
tight <- list(rel.tol = 1e-10, x.tol = 1e-10, iter.max = 10000, eval.max = 20000)

out <- data.frame()
keep <- function(set, measure, metric, estimate, std_error = NA) {
  out <<- rbind(out, data.frame(set = set, measure = measure, metric = metric,
                                estimate = sprintf("%.12g", estimate), std_error = sprintf("%.12g", std_error)))
}

alpha <- function(x) {
  v <- cov(x)
  ncol(x) / (ncol(x) - 1) * (1 - sum(diag(v)) / sum(v))
}
x <- as.matrix(rows[metrics])
keep("plain", "alpha", "all", alpha(x))
keep("plain", "standardised alpha", "all", alpha(scale(x)))
for (m in metrics) keep("plain", "alpha if dropped", m, alpha(x[, metrics != m]))
f <- factanal(covmat = cor(x), factors = 1, control = list(opt = list(factr = 1)))  # another program for the same fit
load <- f$loadings[, 1] * apply(x, 2, sd)
keep("factanal", "omega", "all", sum(load)^2 / (sum(load)^2 + sum(f$uniquenesses * apply(x, 2, var))))

# Alpha with a robust error, by a saturated model: every variance and covariance is a parameter of its own.
pairs <- combn(4, 2)
saturated <- paste(c(
  sprintf("%s ~~ v%d*%s", metrics, 1:4, metrics),
  sprintf("%s ~~ c%d*%s", metrics[pairs[1, ]], 1:6, metrics[pairs[2, ]]),
  "alpha := 4 / 3 * (1 - (v1 + v2 + v3 + v4) / (v1 + v2 + v3 + v4 + 2 * (c1 + c2 + c3 + c4 + c5 + c6)))"
), collapse = "\n")
one <- paste(c(
  sprintf("f =~ NA*nps + %s", paste0("l", 1:4, "*", metrics, collapse = " + ")),
  "f ~~ 1*f",
  sprintf("%s ~~ u%d*%s", metrics, 1:4, metrics),
  "omega := (l1 + l2 + l3 + l4)^2 / ((l1 + l2 + l3 + l4)^2 + u1 + u2 + u3 + u4)",
  sprintf("h%d := l%d^2 / (l%d^2 + u%d)", 1:4, 1:4, 1:4, 1:4)
), collapse = "\n")
defined <- function(set, model, ...) {
  fit <- lavaan(model, data = rows, estimator = "MLR", meanstructure = TRUE, int.ov.free = TRUE, control = tight, ...)
  p <- parameterEstimates(fit)
  p[p$op == ":=", c("lhs", "est", "se")]
}
sets <- list(plain = list(), cluster = list(cluster = "firm"), weight = list(sampling.weights = "weight"))
for (set in names(sets)) {
  a <- do.call(defined, c(list(set, saturated), sets[[set]]))
  keep(set, "robust alpha", "all", a$est, a$se)
  o <- do.call(defined, c(list(set, one), sets[[set]]))
  keep(set, "omega", "all", o$est[1], o$se[1])
  for (i in 1:4) keep(set, "communality", metrics[i], o$est[i + 1], o$se[i + 1])
}
keep("plain", "test-retest", "csat", cor(rows$csat, rows$value))

file <- "reliability.csv"
writeLines(sprintf("# %s, lavaan %s. Written by reliability.R.", R.version.string, packageVersion("lavaan")), file)
suppressWarnings(write.table(out, file, append = TRUE, sep = ",", row.names = FALSE, quote = FALSE))
