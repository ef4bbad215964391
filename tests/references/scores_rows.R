# Simulated answers (no real person): 120 firms with 4 to 8 customers each, who differ from firm to firm.
# Every firm has customers in both regions, so the regions share their clusters; a firm has one plan, so the plans do not.
# Run: Rscript scores_rows.R > scores_rows.csv
set.seed(20260301)
size <- sample(4:8, 120, replace = TRUE)
firm <- rep(seq_along(size), size)
lift <- rnorm(120)[firm]
place <- ave(firm, firm, FUN = seq_along)
n <- length(firm)
rows <- data.frame(
  firm = sprintf("f%03d", firm),
  region = ifelse(place %% 2 == 1, "north", "south"),
  plan = ifelse(firm %% 5 < 2, "basic", "pro"),
  weight = round(exp(rnorm(n, 0, 0.5)), 3),
  nps = pmin(pmax(round(7.4 + 1.3 * lift + 2 * rnorm(n)), 0), 10),
  nps_after = pmin(pmax(round(7.9 + 1.3 * lift + 2 * rnorm(n)), 0), 10),
  csat = pmin(pmax(round(3.6 + 0.5 * lift + rnorm(n)), 1), 5),
  effort = pmin(pmax(round(2.4 - 0.3 * lift + rnorm(n)), 1), 5)
)
# Holes at places 3 and 4 only: each firm keeps a customer in either region.
rows$nps[place == 3 & firm %% 7 == 0] <- NA
rows$csat[place == 3 & firm %% 11 == 0] <- NA
rows$nps_after[place == 4 & firm %% 9 == 0] <- NA
rows$weight[place == 4 & firm %% 13 == 0] <- NA
cat(sprintf("# Simulated by scores_rows.R, %s\n", R.version.string))
write.csv(rows, stdout(), row.names = FALSE, quote = FALSE, na = "")
