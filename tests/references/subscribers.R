# Subscribers who cancel in whole months, as a table of the whole population: what survival's concordance and a
# complementary log-log model of person-months say of it, the rows weighted by their shares.
# Writes subscribers.csv. Run in this folder: Rscript subscribers.R
suppressMessages(library(survival))

shares <- list(
  nps = c(.02, .01, .02, .02, .03, .07, .08, .15, .23, .17, .20),
  csat = c(.04, .07, .16, .43, .30),
  ease = c(.03, .04, .07, .13, .20, .30, .23)
)
values <- list(nps = 0:10, csat = 1:5, ease = 1:7)

# P(nps, csat, ease): latent normal variables with one correlation, by Simpson's rule over what they share.
joint_share <- function(halo) {
  at <- seq(-9, 9, length.out = 2001)
  weight <- dnorm(at) * c(1, rep(c(4, 2), length.out = 1999), 1) * (at[2] - at[1]) / 3
  given <- lapply(shares, function(p) {
    cuts <- c(-Inf, qnorm(cumsum(p)[-length(p)]), Inf)
    sapply(seq_along(p), function(k) {
      pnorm((cuts[k + 1] - sqrt(halo) * at) / sqrt(1 - halo)) - pnorm((cuts[k] - sqrt(halo) * at) / sqrt(1 - halo))
    })
  })
  cells <- expand.grid(lapply(given, function(g) seq_len(ncol(g))))
  share <- apply(cells, 1, function(k) sum(weight * given$nps[, k[1]] * given$csat[, k[2]] * given$ease[, k[3]]))
  data.frame(nps = values$nps[cells$nps], csat = values$csat[cells$csat], ease = values$ease[cells$ease], share = share)
}

# One row per combination of scores, month of entry, month of leaving, and way of leaving.
population <- function(ratio, months, monthly, shape, lost, latest, halo) {
  people <- joint_share(halo)
  people$eta <- 0
  for (m in names(ratio)) {
    x <- people[[m]]
    mean <- sum(people$share * x)
    people$eta <- people$eta + log(ratio[[m]]) * (x - mean) / sqrt(sum(people$share * (x - mean)^2))
  }
  rows <- list()
  for (entry in 0:latest) {
    still <- people$share / (latest + 1)
    for (t in entry + seq_len(months)) {
      step <- -log1p(-monthly) * (t^shape - (t - 1)^shape)
      goes <- 1 - exp(-step * exp(people$eta))
      left <- still * (1 - goes) * if (t == entry + months) 1 else lost
      here <- cbind(people, entry = entry, month = t)
      rows[[length(rows) + 1]] <- cbind(here, cancelled = 1, w = still * goes, at_risk = still)
      rows[[length(rows) + 1]] <- cbind(here, cancelled = 0, w = left, at_risk = 0)
      still <- still * (1 - goes) - left
    }
  }
  do.call(rbind, rows)
}

cases <- list(
  usual = list(ratio = c(nps = .85, csat = .7, ease = .9), months = 24, monthly = .03, shape = .8, lost = .01,
               latest = 12, halo = .5),
  signup = list(ratio = c(nps = .6, ease = 1.2), months = 6, monthly = .2, shape = 1, lost = 0, latest = 0, halo = 0)
)
out <- data.frame(case = character(), what = character(), metric = character(), value = numeric())
for (case in names(cases)) {
  given <- cases[[case]]
  rows <- do.call(population, given)
  add <- function(what, metric, value) out[nrow(out) + 1, ] <<- list(case, what, metric, as.numeric(value))
  add("cancelled", "", sum(rows$w[rows$cancelled == 1]))
  kept <- rows[rows$w > 0, ]
  for (m in names(shares)) {
    cells <- aggregate(list(w = kept$w), kept[c(m, "entry", "month", "cancelled")], sum)
    cells$x <- cells[[m]]
    fit <- concordance(Surv(entry, month, cancelled) ~ x, cells, weights = 1e4 * w)
    add("concordance", m, fit$concordance)
  }
  # Equal but for the last bits is equal.
  kept$stays <- -round(kept$eta, 10)
  cells <- aggregate(list(w = kept$w), kept[c("stays", "entry", "month", "cancelled")], sum)
  fit <- concordance(Surv(entry, month, cancelled) ~ stays, cells, weights = 1e4 * w)
  add("concordance", "all", fit$concordance)
  # Person-months: of those at risk, who cancels.
  risk <- rows[rows$cancelled == 1, ]
  risk <- aggregate(list(w = risk$w, at_risk = risk$at_risk), risk[c("nps", "csat", "ease", "month")], sum)
  fit <- suppressWarnings(glm(w / at_risk ~ 0 + factor(month) + nps + csat + ease, binomial("cloglog"), risk,
                              weights = 1e6 * at_risk, control = list(epsilon = 1e-14, maxit = 100)))
  for (m in names(shares)) add("log hazard ratio", m, coef(fit)[[m]])
  last <- max(risk$month)
  for (t in c(1, last)) {
    centred <- sum(sapply(names(shares), function(m) coef(fit)[[m]] * sum(shares[[m]] * values[[m]])))
    add(if (t == 1) "first month" else "last month", "", coef(fit)[[paste0("factor(month)", t)]] + centred)
  }
}
file <- file("subscribers.csv", "w")
writeLines(paste0("# ", R.version.string, "; survival ", packageVersion("survival"), "; made by subscribers.R"), file)
out$value <- sprintf("%.15g", out$value)
write.csv(out, file, row.names = FALSE, quote = FALSE)
close(file)
