# Remembered ratings on moments weighted by intensity and recency: nls, with central differences.
# Writes moment_kernel_data.csv (the moments) and moment_kernel.csv (coefficients, model-based errors).
# Run in this folder: Rscript moment_kernel.R
RNGversion("4.2.0")
set.seed(60)

n <- rep(c(1, 3, 4, 6, 9), 12)
sequence <- rep(seq_along(n), n)
person <- rep(1:12, each = 5)
moment <- sequence(n)
place <- ifelse(n[sequence] > 1, (moment - 1) / pmax(n[sequence] - 1, 1), 1)
value <- round(rnorm(length(sequence), 0.3 + rnorm(12, 0, 0.6)[person[sequence]], 1.5), 1)
distance <- abs(value)

softmax_mean <- function(eta) {
  w <- exp(eta - ave(eta, sequence, FUN = max))
  w <- w / ave(w, sequence, FUN = sum)
  as.numeric(tapply(w * value, sequence, sum))
}
kernel <- function(alpha, beta) softmax_mean(alpha * distance + beta * place)
sides <- function(good, bad, beta) softmax_mean(ifelse(value > 0, good, bad) * distance + beta * place)
within <- function(v) v - ave(v, person)

truth <- sides(0.4, 0.9, 1.5)
y <- round(5 + 0.8 * truth + rnorm(12, 0, 0.3)[person] + rnorm(60, 0, 0.25), 2)
centred <- within(y)

tight <- nls.control(maxiter = 200, tol = 1e-9, nDcentral = TRUE)
fits <- list(
  plain = nls(y ~ a + b * kernel(alpha, beta), start = list(a = 5, b = 1, alpha = 0.5, beta = 1), control = tight),
  sides = nls(y ~ a + b * sides(good, bad, beta), start = list(a = 5, b = 1, good = 0.4, bad = 0.9, beta = 1.5),
    control = tight),
  person = nls(centred ~ b * within(kernel(alpha, beta)), start = list(b = 1, alpha = 0.5, beta = 1), control = tight)
)
terms <- c(a = "intercept", b = "slope", alpha = "intensity", good = "intensity_good", bad = "intensity_bad",
  beta = "recency")

header <- paste0("# ", R.version.string, "; made by moment_kernel.R")
out <- file("moment_kernel.csv", "w")
writeLines(c(header, "case,term,estimate,std_error,degrees,rss"), out)
for (case in names(fits)) {
  fit <- fits[[case]]
  # Each person's own level is a coefficient too, which nls knows nothing of.
  degrees <- df.residual(fit) - if (case == "person") 12 else 0
  error <- sqrt(diag(vcov(fit)) * df.residual(fit) / degrees)
  for (k in names(coef(fit))) {
    writeLines(sprintf("%s,%s,%.15g,%.15g,%d,%.15g", case, terms[[k]], coef(fit)[[k]], error[[k]], as.integer(degrees),
      deviance(fit)), out)
  }
}
close(out)

out <- file("moment_kernel_data.csv", "w")
writeLines(c(header, "# simulated moments, no real customers", "sequence,person,time,value,remembered"), out)
writeLines(sprintf("%d,%d,%d,%.1f,%.2f", sequence, person[sequence], moment, value, y[sequence]), out)
close(out)
