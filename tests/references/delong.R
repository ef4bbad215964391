# DeLong's comparison by pROC, on a simulated data set of 113 rows with 41 good outcomes.
# Writes delong_data.csv (the rows) and delong.csv (what pROC says of them).
# Run in this folder: Rscript delong.R
suppressMessages(library(pROC))
RNGversion("4.2.0")
set.seed(113)

n <- 113
good <- sample(rep(c(1, 0), c(41, n - 41)))
latent <- matrix(rnorm(3 * n), n) + 0.6 * rnorm(n) + outer(good, c(0.9, 0.6, 0.3))
data <- data.frame(
  good = good,
  ease = as.integer(cut(latent[, 1], c(-Inf, -1, 0, 0.8, 1.6, Inf))),
  speed = round(pmin(pmax(5 + 1.5 * latent[, 2], 0), 10), 2),
  nps = pmin(pmax(round(6 + 2.5 * latent[, 3]), 0), 10),
  asked = rep_len(c("ease", "nps"), n)
)

roc_of <- function(score, rows = rep(TRUE, n)) {
  roc(data$good[rows], data[rows, score], levels = c(0, 1), direction = "<", quiet = TRUE)
}
out <- data.frame(what = character(), first = character(), second = character(), value = numeric())
add <- function(what, first, second, value) {
  out[nrow(out) + 1, ] <<- list(what, first, second, as.numeric(value))
}

metrics <- c("ease", "speed", "nps")
rocs <- lapply(setNames(metrics, metrics), roc_of)
for (m in metrics) {
  limits <- ci.auc(rocs[[m]], method = "delong", conf.level = 0.95)
  add("auc", m, "", auc(rocs[[m]]))
  add("var", m, "", var(rocs[[m]], method = "delong"))
  add("low", m, "", limits[1])
  add("high", m, "", limits[3])
  add("high90", m, "", ci.auc(rocs[[m]], method = "delong", conf.level = 0.9)[3])
}
for (pair in combn(metrics, 2, simplify = FALSE)) {
  test <- roc.test(rocs[[pair[1]]], rocs[[pair[2]]], method = "delong", paired = TRUE)
  add("cov", pair[1], pair[2], cov(rocs[[pair[1]]], rocs[[pair[2]]], method = "delong"))
  add("z", pair[1], pair[2], test$statistic)
  add("p", pair[1], pair[2], test$p.value)
  add("low", pair[1], pair[2], test$conf.int[1])
  add("high", pair[1], pair[2], test$conf.int[2])
}

# Each customer asked for one metric only. pROC takes t with Satterthwaite's degrees for p, we the normal.
ease <- roc_of("ease", data$asked == "ease")
nps <- roc_of("nps", data$asked == "nps")
unpaired <- roc.test(ease, nps, method = "delong", paired = FALSE)
add("unpaired auc", "ease", "", auc(ease))
add("unpaired auc", "nps", "", auc(nps))
add("unpaired var", "ease", "", var(ease, method = "delong"))
add("unpaired var", "nps", "", var(nps, method = "delong"))
add("unpaired statistic", "ease", "nps", unpaired$statistic)

header <- c(
  paste0("# ", R.version.string, "; pROC ", packageVersion("pROC"), "; made by delong.R"),
  "# simulated rows, no real customers"
)
writeLines(header, "delong_data.csv")
suppressWarnings(write.table(data, "delong_data.csv", sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))
out$value <- formatC(out$value, digits = 16, format = "g")
writeLines(header[1], "delong.csv")
suppressWarnings(write.table(out, "delong.csv", sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))
