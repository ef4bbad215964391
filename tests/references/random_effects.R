# Random-effects summaries by metafor: REML, Knapp-Hartung with and without its safeguard ("adhoc": never below 1),
# Q-profile limits of tau, prediction intervals. With correlated estimates rma.mv finds tau and the mean; what rma.mv
# does not offer (Knapp-Hartung, Q-profile) is written out below with inverses, and checked against rma.uni first.
# Run in this folder: Rscript random_effects.R   (writes random_effects.csv)
# Last, areas by pROC in six segments of the rows of logistic.R, and metafor's summary of each term over segments.
suppressMessages(library(metafor))
suppressMessages(library(pROC))
RNGversion("4.2.0")
out <- file("random_effects.csv", "w")
writeLines(c(sprintf("# %s; metafor %s; pROC %s; made by random_effects.R", R.version.string,
  packageVersion("metafor"), packageVersion("pROC")),
  "case,what,row,column,value"), out)
line <- function(case, what, value, row = 0, column = 0)
  writeLines(sprintf("%s,%s,%d,%d,%.15g", case, what, row, column, as.numeric(value)), out)
given <- function(case, y, V) {
  for (i in seq_along(y)) line(case, "y", y[i], i)
  for (i in seq_along(y)) for (j in seq_along(y)) line(case, "V", V[i, j], i, j)
}
told <- function(case, f) for (what in names(f)) line(case, what, f[[what]])
sharp <- list(threshold = 1e-14, maxiter = 10000)

by_metafor <- function(y, v) {
  plain <- rma(y, v, method = "REML", test = "knha", control = sharp)
  safe <- rma(y, v, method = "REML", test = "adhoc", control = sharp)
  limits <- confint(plain, control = list(tol = 1e-15, maxiter = 10000, tau2.max = 1000))$random["tau^2", ]
  predicted <- predict(safe)
  list(tau2 = plain$tau2, mean = plain$b, se_plain = plain$se, se = safe$se, low = safe$ci.lb, high = safe$ci.ub,
    statistic = safe$zval, p = safe$pval, q = plain$QE, q_p = plain$QEp, i2 = plain$I2 / 100,
    tau2_low = limits[["ci.lb"]], tau2_high = limits[["ci.ub"]], new_low = predicted$pi.lb, new_high = predicted$pi.ub)
}

by_inverses <- function(y, V) {
  one <- rep(1, length(y)); df <- length(y) - 1
  at <- function(tau2) {
    W <- solve(V + diag(tau2, length(y)))
    P <- W - W %*% one %*% t(one) %*% W / sum(W)
    list(mean = sum(W %*% y) / sum(W), q = c(t(y) %*% P %*% y), P = P, information = sum(W),
      score = c(t(y) %*% P %*% P %*% y) - sum(diag(P)))
  }
  root <- function(f, high) uniroot(f, c(0, high), tol = 1e-16, maxiter = 10000)$root
  tau2 <- if (at(0)$score <= 0) 0 else root(function(t) at(t)$score, 10 * var(y))
  limit <- function(level) {
    quantile <- qchisq(level, df)
    if (at(0)$q <= quantile) 0 else root(function(t) at(t)$q - quantile, 1e6 * var(y))
  }
  f <- at(tau2); none <- at(0)
  vt <- df / sum(diag(none$P))
  se <- sqrt(max(1, f$q / df) / f$information)
  half <- qt(0.975, df) * c(se, sqrt(se^2 + tau2))
  list(tau2 = tau2, mean = f$mean, se_plain = sqrt(f$q / df / f$information), se = se, low = f$mean - half[1],
    high = f$mean + half[1], statistic = f$mean / se, p = 2 * pt(-abs(f$mean / se), df), q = none$q,
    q_p = pchisq(none$q, df, lower.tail = FALSE), i2 = tau2 / (tau2 + vt), tau2_low = limit(0.975),
    tau2_high = limit(0.025), new_low = f$mean - half[2], new_high = f$mean + half[2])
}

independent <- function(case, y, v) {
  f <- by_metafor(y, v)
  stopifnot(max(abs(unlist(f) - unlist(by_inverses(y, diag(v))))) < 1e-9)
  given(case, y, diag(v)); told(case, f)
}
correlated <- function(case, y, V) {
  f <- by_inverses(y, V)
  mv <- rma.mv(y, V, random = ~ 1 | id, data = data.frame(id = seq_along(y)), method = "REML",
    control = list(optimizer = "nlminb", rel.tol = 1e-10))
  stopifnot(abs(mv$sigma2 - f$tau2) < 1e-8, abs(c(mv$b) - f$mean) < 1e-7, abs(mv$QE - f$q) < 1e-9)
  given(case, y, V); told(case, f); line(case, "tau2_mv", mv$sigma2); line(case, "mean_mv", mv$b)
  line(case, "q_mv", mv$QE)
}

vaccine <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
independent("vaccine", c(vaccine$yi), c(vaccine$vi))
set.seed(31)
v <- runif(8, 0.2, 2)^2 / 1e4
independent("spread", rnorm(8, 0.02, sqrt(v + 0.0004)), v)
independent("alike", c(0.020, 0.024, 0.018, 0.022, 0.021), c(1, 2, 1.5, 3, 1) / 1e4)
independent("two", c(0.06, -0.05), c(1, 1.4) / 1e4)
root <- matrix(rnorm(36), 6) / 100
V <- root %*% t(root) + diag(runif(6, 0.5, 1.5)) / 1e4
correlated("straddling", c(0.03, -0.02, 0.05, 0.01, -0.04, 0.02), V)
correlated("straddling alike", c(0.011, 0.009, 0.012, 0.010, 0.008, 0.011), V)

rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
rows$segment <- paste(rows$plan, ifelse(as.integer(substr(rows$firm, 2, 3)) %% 2 == 1, "odd", "even"))
metrics <- c("nps", "effort", "tenure")
terms <- c(metrics, "nps - effort", "nps - tenure", "effort - tenure")
contrasts <- rbind(diag(3), c(1, -1, 0), c(1, 0, -1), c(0, 1, -1))
segments <- sort(unique(rows$segment), method = "radix")
found <- lapply(segments, function(segment) {
  of <- rows[rows$segment == segment, ]
  rocs <- lapply(metrics, function(m) roc(of$stayed, of[[m]], levels = c(0, 1), direction = "<", quiet = TRUE))
  V <- sapply(rocs, function(a) sapply(rocs, function(b)
    if (identical(a, b)) var(a, method = "delong") else cov(a, b, method = "delong")))
  list(y = c(contrasts %*% sapply(rocs, auc)), v = diag(contrasts %*% V %*% t(contrasts)))
})
for (t in seq_along(terms)) {
  y <- sapply(found, function(f) f$y[t]); v <- sapply(found, function(f) f$v[t])
  for (s in seq_along(segments)) { line(terms[t], segments[s], y[s], s); line(terms[t], segments[s], v[s], s, s) }
  null <- if (t <= length(metrics)) 0.5 else 0
  f <- by_metafor(y - null, v)
  for (shifted in c("mean", "low", "high", "new_low", "new_high")) f[[shifted]] <- f[[shifted]] + null
  told(terms[t], f)
}
close(out)
