# Quadratic regression on expectation and performance: lm and glm with sandwich::vcovHC and vcovCL, svyglm with weights.
# Run: Rscript response_surface.R   (writes response_surface_rows.csv, then response_surface.csv)
suppressPackageStartupMessages({library(sandwich); library(survey)})
set.seed(19930601)
n <- 600
E <- pmin(pmax(round(4.6 + 1.3 * rnorm(n)), 1), 7)
P <- pmin(pmax(round(4.2 + 0.5 * (E - 4.6) + 1.4 * rnorm(n)), 1), 7)
firm <- rep(1:60, each = 10)
e <- E - 4; p <- P - 4
mean <- 5 - 0.3 * e + 0.6 * p - 0.3 * e^2 + 0.25 * e * p - 0.18 * p^2 + rnorm(60, sd = 0.5)[firm]
rows <- data.frame(E, P, spend = round(mean + rnorm(n), 3), back = as.integer(mean + rlogis(n) > 4.2),
  firm = sprintf("firm %02d", firm), weight = sample(c(0.5, 1, 2.5), n, TRUE))
version <- sprintf("# %s; sandwich %s; survey %s", R.version.string, packageVersion("sandwich"),
  packageVersion("survey"))
out <- file("response_surface_rows.csv", "w"); writeLines("# simulated by response_surface.R", out)
write.csv(rows, out, row.names = FALSE, quote = FALSE); close(out)

rows$e <- E - 4; rows$p <- P - 4
terms <- c("expected", "performed", "expected^2", "expected x performed", "performed^2")
lines <- rbind("agreement slope" = c(1, 1, 0, 0, 0), "agreement curvature" = c(0, 0, 1, 1, 1),
  "disagreement slope" = c(1, -1, 0, 0, 0), "disagreement curvature" = c(0, 0, 1, -1, 1))
b <- paste0("b", 1:5)
# Numerator and denominator of each ratio, with symbolic derivatives; the axes by their slopes.
ratios <- list(
  "stationary expected" = list(deriv(~ b2 * b4 - 2 * b1 * b5, b), deriv(~ 4 * b3 * b5 - b4^2, b)),
  "stationary performed" = list(deriv(~ b1 * b4 - 2 * b2 * b3, b), deriv(~ 4 * b3 * b5 - b4^2, b)))
axes <- list("first axis slope" = ~ (b5 - b3 + sqrt((b3 - b5)^2 + b4^2)) / b4,
  "second axis slope" = ~ (b5 - b3 - sqrt((b3 - b5)^2 + b4^2)) / b4)
wald <- function(L, beta, V, df) {
  q <- nrow(L); d <- L %*% beta; W <- drop(t(d) %*% solve(L %*% V %*% t(L), d))
  c(W, if (is.finite(df)) pf(W * (df - q + 1) / (q * df), q, df - q + 1, lower.tail = FALSE)
    else pchisq(W, q, lower.tail = FALSE))
}
out <- file("response_surface.csv", "w")
writeLines(c(version, "design,term,estimate,std_error,ci_low,ci_high"), out)
line <- function(...) writeLines(sprintf("%s,%s,%.15g,%.15g,%.15g,%.15g", ...), out)
write_design <- function(design, fit, V, df) {
  beta <- coef(fit)[-1]; V <- V[-1, -1]; crit <- if (is.finite(df)) qt(.975, df) else qnorm(.975)
  est <- c(beta, drop(lines %*% beta)); se <- sqrt(c(diag(V), diag(lines %*% V %*% t(lines))))
  line(design, c(terms, rownames(lines)), est, se, est - crit * se, est + crit * se)
  at <- as.list(setNames(beta, b))
  for (name in names(ratios)) {
    N <- eval(ratios[[name]][[1]], at); D <- eval(ratios[[name]][[2]], at)
    g <- rbind(attr(N, "gradient"), attr(D, "gradient")); C <- g %*% V %*% t(g); N <- c(N); D <- c(D)
    miss <- function(t) (N - t * D)^2 - crit^2 * (C[1, 1] - 2 * t * C[1, 2] + t^2 * C[2, 2])
    ends <- if (D^2 > crit^2 * C[2, 2]) c(uniroot(miss, c(N / D - 50, N / D), tol = 1e-13)$root,
      uniroot(miss, c(N / D, N / D + 50), tol = 1e-13)$root) else c(-Inf, Inf)
    line(design, name, N / D, NA, ends[1], ends[2])
  }
  # The limits of an axis: where the direction of (b3 - b5, b4), twice its angle, is no longer refused; by search.
  M <- rbind(c(0, 0, 1, 0, -1), c(0, 0, 0, 1, 0)); u <- drop(M %*% beta); C <- M %*% V %*% t(M)
  phi <- atan2(u[2], u[1])
  off <- function(a) { v <- c(-sin(a), cos(a)); sum(v * u)^2 - crit^2 * drop(t(v) %*% C %*% v) }
  for (name in names(axes)) {
    turned <- if (off(phi + pi / 2) <= 0) NULL else (c(uniroot(off, c(phi - pi / 2, phi), tol = 1e-13)$root,
      uniroot(off, c(phi, phi + pi / 2), tol = 1e-13)$root) + if (name == "second axis slope") pi else 0) / 2
    upright <- is.null(turned) || floor(turned[1] / pi + .5) != floor(turned[2] / pi + .5)
    ends <- if (upright) c(-Inf, Inf) else tan(turned)
    line(design, name, eval(axes[[name]][[2]], at), NA, ends[1], ends[2])
  }
  d <- wald(rbind(c(1, 1, 0, 0, 0), c(0, 0, 1, 0, 0), c(0, 0, 0, 1, 0), c(0, 0, 0, 0, 1)), beta, V, df)
  k <- wald(cbind(matrix(0, 3, 2), diag(3)), beta, V, df)
  line(design, "test difference", d[1], d[2], NA, NA); line(design, "test curvature", k[1], k[2], NA, NA)
}
surface <- ~ e + p + I(e^2) + I(e * p) + I(p^2); G <- 60
for (model in c("spend", "back")) {
  formula <- update(surface, paste(model, "~ ."))
  # glm's weights are those of the step before the last: started again at the maximum, they are right.
  fit <- if (model == "spend") lm(formula, rows) else glm(formula, binomial, rows)
  for (again in 1:5) if (model == "back") fit <- glm(formula, binomial, rows, start = coef(fit))
  write_design(paste(model, "simple"), fit, vcovHC(fit, type = "HC0") * n / (n - 1), Inf)
  clustered <- vcovCL(fit, cluster = rows$firm, type = "HC0", cadjust = FALSE) * G / (G - 1)
  write_design(paste(model, "cluster"), fit, clustered, G - 1)
  sample <- svydesign(ids = ~1, weights = ~weight, data = rows)
  fit <- if (model == "spend") svyglm(formula, sample) else svyglm(formula, sample, family = quasibinomial)
  for (again in 1:5) if (model == "back")
    fit <- svyglm(formula, sample, family = quasibinomial, start = coef(fit))
  write_design(paste(model, "weight"), fit, vcov(fit), Inf)
}
close(out)
