# Effects of perks over encounters by least squares with a column per customer and period, errors by customer
# (sandwich, HC0 without any factor), and what encounters without a perk before them say of later ones.
# Run: Rscript encounters.R   (writes encounters_rows.csv and encounters.csv)
suppressPackageStartupMessages(library(sandwich))
version <- sprintf("# %s; sandwich %s", R.version.string, packageVersion("sandwich"))
set.seed(20261126)
customers <- 120
rows <- do.call(rbind, lapply(seq_len(customers), function(i) {
  n <- sample(4:9, 1)
  visit <- sort(sample(1:12, n))
  perk <- if (i %% 2) rep(0, n) else as.integer(seq_len(n) > 1 & runif(n) < 0.5)
  if (i %% 4 == 0) { start <- sample(2:3, 1); perk <- as.integer(seq_len(n) %in% start:(start + 1)) }
  data.frame(customer = i + 1000, store = (i - 1) %/% 4, visit = visit, month = (visit + i) %% 6, perk = perk)
}))
count_before <- function(x) ave(x, rows$customer, FUN = function(v) cumsum(v) - v)
shift <- function(x, by) ave(x, rows$customer, FUN = function(v) if (by > 0) c(v[-1], NA) else c(NA, v[-length(v)]))
rows$earlier <- count_before(rows$perk)
rows$rating <- round(rnorm(customers)[rows$customer - 1000] + rows$perk * (1 - 0.2 * rows$earlier) + rnorm(nrow(rows)), 3)
rows$expectation <- round(0.5 * rows$rating + 0.4 * rows$earlier + rnorm(nrow(rows)), 3)
rows$rating[sample(nrow(rows), 25)] <- NA
rows$next_perk <- shift(rows$perk, 1)
rows$following <- shift(rows$expectation, 1); rows$before <- shift(rows$expectation, -1)
rows$perk_before <- shift(rows$perk, -1)
exposed <- ave(rows$perk, rows$customer, FUN = max) == 1
place <- ave(rows$visit, rows$customer, FUN = seq_along)
begins <- ave(ifelse(rows$perk == 1, place, Inf), rows$customer, FUN = min)
ends <- ave(ifelse(rows$perk == 1, place, -Inf), rows$customer, FUN = max)
rows$period <- rows$month
answer <- function(term, formula, data, name, sign = 1) {
  fit <- lm(formula, data)
  error <- sqrt(diag(vcovCL(fit, cluster = data$customer, type = "HC0", cadjust = FALSE)))
  data.frame(term, estimate = sign * coef(fit)[[name]], std_error = error[[name]])
}
rated <- rows[!is.na(rows$rating), ]
rated$kind <- paste(rated$customer, rated$perk)
rated$product <- rated$perk * rated$earlier; rated$again <- rated$perk * (rated$earlier > 0)
led <- rated[!is.na(rated$next_perk), ]
pairs <- rows[!is.na(rows$following), ]
plain <- rated[place[!is.na(rows$rating)] < begins[!is.na(rows$rating)], ]
plain$to_come <- (begins - place)[!is.na(rows$rating)][place[!is.na(rows$rating)] < begins[!is.na(rows$rating)]]
for (lead in 1:2) plain[[paste0("lead", lead)]] <- as.numeric(plain$to_come == lead)
basis <- lm(rating ~ factor(customer) + factor(period), plain)
imputed <- function(term, wanted) {
  seen <- wanted & !is.na(rows$rating) & rows$customer %in% plain$customer & rows$period %in% plain$period
  gap <- rows$rating[seen] - suppressWarnings(predict(basis, rows[seen, ]))
  data.frame(term, estimate = mean(gap), std_error = NA)
}
leads <- rating ~ lead1 + lead2 + factor(customer) + factor(period)
found <- rbind(
  answer("first perk", rating ~ perk + product + factor(customer) + factor(period), rated, "perk"),
  answer("fading per earlier perk", rating ~ product + kind + factor(period), rated, "product", -1),
  answer("fading from the second on", rating ~ again + kind + factor(period), rated, "again", -1),
  answer("rating before a perk", rating ~ next_perk + product + kind + factor(period), led, "next_perk"),
  answer("next expectation after a perk", following ~ perk + expectation + factor(period), pairs, "perk"),
  answer("the same, at equal rating", following ~ perk + expectation + rating + factor(period),
    pairs[!is.na(pairs$rating), ], "perk"),
  answer("expectation before a perk", expectation ~ perk + before + perk_before + factor(period),
    pairs[!is.na(pairs$before), ], "perk"),
  imputed("after removal - before", place > ends & exposed),
  imputed("with the perk - before", place >= begins & place <= ends),
  answer("last before the first perk", leads, plain, "lead1"),
  answer("second to last before it", leads, plain, "lead2"))
found[2:3] <- lapply(found[2:3], function(x) trimws(format(x, digits = 15)))
file <- file("encounters_rows.csv", "w"); writeLines(version, file)
given <- rows[sample(nrow(rows)), c("customer", "store", "visit", "month", "perk", "rating", "expectation")]
write.csv(given, file, row.names = FALSE, quote = FALSE, na = ""); close(file)
file <- file("encounters.csv", "w"); writeLines(version, file)
write.csv(found, file, row.names = FALSE, quote = TRUE); close(file)
