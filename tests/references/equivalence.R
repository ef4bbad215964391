# Two one-sided tests by t.test called twice: one sample (csat against the band 3.5 to 3.7), Welch (two regions),
# Welch (two plans) and paired (nps_after - nps), each with several margins.
# Run: Rscript equivalence.R > equivalence.csv
rows <- read.csv("scores_rows.csv", comment.char = "#")
cat(sprintf("# %s\n", R.version.string))
cat("case,low,high,estimate,std_error,df,p_low,p_high,ci_low,ci_high\n")
line <- function(case, ...) cat(paste(c(case, sprintf("%.15g", c(...))), collapse = ","), "\n", sep = "")
tost <- function(case, low, high, ...) {
  below <- t.test(..., mu = low, alternative = "greater")
  above <- t.test(..., mu = high, alternative = "less")
  both <- t.test(..., conf.level = 0.90)
  estimate <- if (length(both$estimate) == 2) both$estimate[1] - both$estimate[2] else both$estimate
  line(case, low, high, estimate, both$stderr, both$parameter, below$p.value, above$p.value, both$conf.int)
}
csat <- rows$csat[!is.na(rows$csat)]
region <- rows$region[!is.na(rows$csat)]
plan <- rows$plan[!is.na(rows$csat)]
tost("one sample", 3.5, 3.7, csat)
tost("one sample", 3.55, 3.6, csat)
for (m in c(0.05, 0.1, 0.2, 0.5)) tost("region", -m, m, csat[region == "north"], csat[region == "south"])
for (m in c(0.05, 0.2, 0.3)) tost("plan", -m, m, csat[plan == "basic"], csat[plan == "pro"])
both <- rows[!is.na(rows$nps) & !is.na(rows$nps_after), ]
for (m in c(0.2, 0.5, 1)) tost("paired", -m, m, both$nps_after, both$nps, paired = TRUE)
