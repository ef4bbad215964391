# Ordered probit on the rows of logistic.R: MASS::polr with tight tolerance; weights and clusters by a sandwich of
# numerical derivatives of polr's likelihood, written out here.
# Run after logistic.R: Rscript ordered_probit.R   (writes ordered_probit.csv)
suppressPackageStartupMessages({library(MASS); library(survey)})
version <- sprintf("# %s; MASS %s; survey %s", R.version.string, packageVersion("MASS"), packageVersion("survey"))
rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$ease <- 6 - rows$effort
rows$rating <- factor(rows$stars, ordered = TRUE)
X <- model.matrix(~ nps + ease + tenure + plan, rows)[, -1]
q <- ncol(X); L <- nlevels(rows$rating); y <- rows$stars
terms <- c("nps", "effort", "tenure", "plan[gold]", "plan[silver]", "1|2", "2|3", "3|4", "4|5")
each <- function(b) {  # log-likelihood of each row
  cuts <- c(-Inf, b[q + seq_len(L - 1)], Inf); line <- drop(X %*% b[seq_len(q)])
  log(pnorm(cuts[y + 1] - line) - pnorm(cuts[y] - line))
}
scores <- function(b) {  # analytic, row by row
  cuts <- c(-Inf, b[q + seq_len(L - 1)], Inf); line <- drop(X %*% b[seq_len(q)])
  u <- dnorm(cuts[y + 1] - line); l <- dnorm(cuts[y] - line); p <- exp(each(b))
  S <- matrix(0, length(y), q + L - 1)
  S[, seq_len(q)] <- -X * (u - l) / p
  for (j in seq_len(L - 1)) S[, q + j] <- ((y == j) * u - (y == j + 1) * l) / p
  S
}
hessian <- function(b, w) {  # Richardson-extrapolated central differences of the score
  step <- function(h) sapply(seq_along(b), function(j) {
    e <- replace(numeric(length(b)), j, h); (colSums(w * scores(b + e)) - colSums(w * scores(b - e))) / (2 * h) })
  H <- (4 * step(5e-4) - step(1e-3)) / 3
  (H + t(H)) / 2
}
polish <- function(b, w) { for (i in 1:8) b <- b - solve(hessian(b, w), colSums(w * scores(b))); b }
out <- file("ordered_probit.csv", "w")
writeLines(c(version, "design,term,estimate,std_error,log_likelihood"), out)
line <- function(design, b, V, ll) for (j in seq_along(terms)) writeLines(sprintf("%s,%s,%.15g,%.15g,%.15g", design,
  terms[j], b[j], sqrt(V[j, j]), ll), out)
for (weighted in c(FALSE, TRUE)) {
  rows$w <- if (weighted) rows$weight else 1
  start <- suppressWarnings(polr(rating ~ nps + ease + tenure + plan, rows, weights = w, method = "probit", Hess = TRUE,
    control = list(reltol = 1e-15, maxit = 1000)))
  b0 <- c(coef(start), start$zeta)
  b <- polish(b0, rows$w)
  stopifnot(max(abs(colSums(rows$w * scores(b)))) < 1e-8, max(abs(b - b0)) < 1e-4)
  ll <- sum(rows$w * each(b)); stopifnot(abs(ll - as.numeric(logLik(start))) < 1e-6)
  B <- solve(-hessian(b, rows$w))
  if (!weighted) {
    stopifnot(max(abs(sqrt(diag(B)) / sqrt(diag(vcov(start))) - 1)) < 1e-4)
    line("simple", b, B, ll)
  }
  u <- (rows$w * scores(b)) %*% B
  for (clustered in c(FALSE, TRUE)) if (weighted || clustered) {
    totals <- if (clustered) rowsum(u, rows$firm) else u
    m <- nrow(totals)
    V <- crossprod(totals) * m / (m - 1)
    # The same through the survey package: the variance of the total of the influence values.
    design <- svydesign(ids = if (clustered) ~firm else ~1, weights = rep(1, nrow(rows)), data = rows)
    S <- vcov(svytotal(u, design))
    stopifnot(max(abs(V / S - 1)) < 1e-6)
    line(paste(c("weight", "cluster")[c(weighted, clustered)], collapse = " "), b, V, ll)
  }
}
close(out)
