# Natural cubic splines: splines::ns with given knots, predictions of lm on it, and quantiles of type 1 (knots).
# Run: Rscript natural_spline.R   (writes natural_spline.csv)
library(splines)
out <- file("natural_spline.csv", "w")
writeLines(c(sprintf("# %s; splines %s", R.version.string, packageVersion("splines")), "case,part,at,value"), out)
put <- function(case, part, at, value) writeLines(sprintf("%s,%s,%.15g,%.15g", case, part, at, value), out)

# Made from whole numbers alone, so that no row needs storing; tests/numerics/test_natural_spline.py makes the same.
i <- seq_len(301)
noise <- qnorm((((i * 104729) %% 9973) + 0.5) / 9973)
cases <- list(
  wide = ((i * 7919) %% 1009) * 0.01 - 5,
  few = ((i * 7919) %% 11) - 5)
for (case in names(cases)) {
  x <- cases[[case]]
  y <- round(pmin(x, 0) + 0.02 * x^2 + 0.7 * noise, 3)
  knots <- unique(quantile(x, c(.05, .275, .5, .725, .95), type = 1, names = FALSE))
  for (k in seq_along(knots)) put(case, "knot", k, knots[k])
  k <- length(knots)
  fit <- lm(y ~ ns(x, knots = knots[2:(k - 1)], Boundary.knots = knots[c(1, k)]))
  grid <- seq(-6, 6, by = 0.75)  # beyond the outer knots too
  for (one in grid) {
    told <- predict(fit, data.frame(x = one), se.fit = TRUE)
    put(case, "fit", one, told$fit)
    # Robust: sandwich by hand, HC0 times n / (n - 1).
    design <- model.matrix(fit)
    bread <- solve(crossprod(design))
    meat <- crossprod(design * residuals(fit)) * length(x) / (length(x) - 1)
    at <- c(1, predict(ns(x, knots = knots[2:(k - 1)], Boundary.knots = knots[c(1, k)]), one))
    put(case, "error", one, sqrt(drop(at %*% bread %*% meat %*% bread %*% at)))
  }
}
close(out)
