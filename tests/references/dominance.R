# General dominance from the models of all subsets: lm and glm on the rows of logistic.R, lm on attitude (datasets).
# Run after logistic.R: Rscript dominance.R   (writes dominance.csv)
rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
out <- file("dominance.csv", "w")
writeLines(c(sprintf("# %s; attitude of package datasets, as its correlations (rows n = %d)", R.version.string,
  nrow(attitude)), "design,term,estimate"), out)
line <- function(design, terms, values) writeLines(sprintf("%s,%s,%.15g", design, terms, values), out)
share <- list(
  linear = function(y, data, w) summary(lm(reformulate(names(data), "y"), cbind(y = y, data), weights = w))$r.squared,
  logistic = function(y, data, w) {
    fit <- function(on) suppressWarnings(glm(on, binomial, cbind(y = y, data), weights = w,
      control = glm.control(epsilon = 1e-14, maxit = 50)))
    value <- function(m) sum(w * log(ifelse(y == 1, fitted(m), 1 - fitted(m))))
    1 - value(fit(reformulate(names(data), "y"))) / value(fit(y ~ 1))
  })
# As the mean over all orders in which the metrics can enter.
orders <- function(v) if (length(v) < 2) list(v) else
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(o) c(v[i], o))))
general <- function(model, y, data, w = rep(1, length(y))) {
  known <- new.env(); metrics <- names(data)
  r2 <- function(on) { key <- paste(c("-", sort(on)), collapse = " ")
    if (is.null(known[[key]])) known[[key]] <- if (length(on)) share[[model]](y, data[sort(on)], w) else 0
    known[[key]] }
  gain <- setNames(numeric(length(metrics)), metrics)
  all <- orders(metrics)
  for (o in all) for (i in seq_along(o)) gain[o[i]] <- gain[o[i]] + r2(o[seq_len(i)]) - r2(o[seq_len(i - 1)])
  c(gain / length(all), r2 = r2(metrics))
}
metrics <- c("nps", "effort", "tenure")
for (design in c("plain", "weight")) {
  w <- if (design == "weight") rows$weight else rep(1, nrow(rows))
  for (model in names(share)) {
    y <- if (model == "linear") rows$stars else rows$stayed
    found <- general(model, y, rows[metrics], w)
    line(paste(model, design), names(found), found)
  }
}
found <- general("linear", attitude$rating, attitude[-1])
line("attitude", names(found), found)
R <- cor(attitude)
for (a in colnames(R)) line(paste("correlation", a), colnames(R), R[a, ])
close(out)
