# The time to the second purchase of the CDNOW customers: coxph and concordance of the survival package.
# Run: CXSTATS_DATA=... Rscript cdnow.R   (writes cdnow.csv; the data themselves are not kept here)
suppressPackageStartupMessages(library(survival))
bought <- read.csv(gzfile(file.path(Sys.getenv("CXSTATS_DATA"), "cdnow", "cdnow_master.csv.gz")))
bought$day <- as.integer(as.Date(bought$date))
# Purchases in the order of the file within a day: the first of a customer's first day is the first purchase.
bought <- bought[order(bought$customer_id, bought$day, method = "radix"), ]
nth <- ave(bought$day, bought$customer_id, FUN = seq_along)
first <- bought[nth == 1, ]
second <- bought[nth == 2, ]
at <- match(first$customer_id, second$customer_id)
rows <- data.frame(
  cds = pmin(first$n_cds, 10),
  spend = first$amount_usd,
  again = as.integer(!is.na(at)),
  days = ifelse(is.na(at), max(bought$day), second$day[at]) - first$day
)
rows <- rows[rows$days > 0, ]  # a second purchase on the first day is no return
out <- file("cdnow.csv", "w")
writeLines(c(sprintf("# %s; survival %s", R.version.string, packageVersion("survival")), "what,column,value"), out)
put <- function(what, column, value) writeLines(sprintf("%s,%s,%.15g", what, column, value), out)
put("rows", "n", nrow(rows))
put("events", "n", sum(rows$again))
fit <- coxph(Surv(days, again) ~ cds + spend, rows, control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100, timefix = FALSE))
for (name in names(coef(fit))) {
  put("coefficient", name, coef(fit)[[name]])
  put("error", name, sqrt(diag(vcov(fit)))[[name]])
}
for (name in c("cds", "spend")) {
  # The purchase comes sooner the higher the score: time runs the other way.
  found <- concordance(as.formula(paste("Surv(days, again) ~", name)), rows, reverse = TRUE, timefix = FALSE)
  put("concordance", name, found$concordance)
  put("variance", name, found$var)
}
close(out)
