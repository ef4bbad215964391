# Johnson's relative weights by his steps, with svd and lm: attitude (datasets) and the rows of logistic.R.
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
close(out)
