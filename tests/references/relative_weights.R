# Johnson's relative weights by his steps, with svd and lm: attitude (datasets) and the rows of logistic.R.
# For a binary outcome the steps of Tonidandel & LeBreton (2010), with svd, glm and lm; survey weights throughout.
# Run after logistic.R: Rscript relative_weights.R   (writes relative_weights.csv)
rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
out <- file("relative_weights.csv", "w")
writeLines(c(sprintf("# %s; attitude of package datasets", R.version.string), "design,term,estimate"), out)
weights <- function(y, data) {
  X <- scale(as.matrix(data)) / sqrt(nrow(data) - 1)
  y <- as.numeric(scale(y)) / sqrt(nrow(data) - 1)
  parts <- svd(X)
  Z <- parts$u %*% t(parts$v)                  # the orthonormal columns nearest to X
  beta <- unname(coef(lm(y ~ Z - 1)))          # the outcome on them
  lambda <- unname(coef(lm(X ~ Z - 1)))        # the metrics on them; entry k, j
  setNames(drop(t(lambda^2) %*% beta^2), names(data))
}
line <- function(design, found) writeLines(sprintf("%s,%s,%.15g", design, names(found), found), out)
line("attitude", weights(attitude$rating, attitude[-1]))
line("rows", weights(rows$stars, rows[c("nps", "effort", "tenure")]))
logistic <- function(y, data, w = rep(1, length(y))) {
  centred <- sweep(as.matrix(data), 2, apply(data, 2, weighted.mean, w))
  X <- sweep(centred, 2, sqrt(colSums(w * centred^2) / sum(w)), "/")
  parts <- svd(sqrt(w) * X)
  Z <- parts$u %*% t(parts$v) / sqrt(w) * sqrt(sum(w))      # uncorrelated, of variance 1, nearest to X
  lambda <- unname(coef(lm(X ~ Z - 1, weights = w)))        # the metrics on them; entry k, j
  fit <- suppressWarnings(glm(y ~ Z, binomial, weights = w, control = glm.control(epsilon = 1e-14, maxit = 100)))
  chance <- unname(fitted(fit))
  r2 <- summary(lm(chance ~ y, weights = w))$r.squared
  odds <- qlogis(chance)
  spread <- sqrt(sum(w * (odds - weighted.mean(odds, w))^2) / sum(w))
  beta <- unname(coef(fit))[-1] * sqrt(r2) / spread         # standardised logistic coefficients
  c(setNames(drop(t(lambda^2) %*% beta^2), names(data)), r2 = r2)
}
metrics <- rows[c("nps", "effort", "tenure")]
line("logistic plain", logistic(rows$stayed, metrics))
line("logistic weight", logistic(rows$stayed, metrics, rows$weight))
close(out)
