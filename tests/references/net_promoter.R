# The adjusted Wald interval of the net promoter score (Rocks 2016) for simple, weighted and clustered samples.
# Standard errors and design effects are those of the survey package; the adjustment is applied to them here.
# Run: Rscript net_promoter.R > net_promoter.csv
suppressPackageStartupMessages(library(survey))
rows <- read.csv("scores_rows.csv", comment.char = "#")
rows$x <- (rows$nps >= 9) - (rows$nps <= 6)

design_of <- function(data, design) {
  ids <- if (grepl("cluster", design)) ~firm else ~1
  weights <- if (grepl("weight", design)) data$weight else rep(1, nrow(data))
  svydesign(ids = ids, weights = weights, data = data)
}
# One group: plain score, linearised standard error, effective n, adjusted centre and error, on the scale of P - D.
one <- function(data, design) {
  d <- design_of(data, design)
  m <- svymean(~x, d, deff = "replace")
  square <- coef(svymean(~I(x^2), d))
  n_eff <- min(nrow(data), nrow(data) / deff(m))
  adjusted <- n_eff * coef(m) / (n_eff + 3)
  v <- (n_eff * square + 1.5) / (n_eff + 3) - adjusted^2
  df <- if (grepl("cluster", design)) degf(d) else Inf
  c(estimate = coef(m)[[1]], linearised = SE(m)[[1]], n_eff = n_eff[[1]], centre = adjusted[[1]],
    std_error = sqrt(v[[1]] / (n_eff[[1]] + 3)), df = df)
}
line <- function(design, by, group, estimate, linearised, n_eff, centre, std_error, df, widest) {
  half <- qt(0.975, df) * std_error
  z <- if (widest == 200) centre / std_error else NA
  cat(paste(c(design, by, group, sprintf("%.15g", 100 * c(estimate, linearised)), sprintf("%.15g", n_eff),
    sprintf("%.15g", 100 * c(std_error, max(centre - half, -widest / 100), min(centre + half, widest / 100))),
    sprintf("%.15g", c(z, 2 * pt(-abs(z), df), df))), collapse = ","), "\n", sep = "")
}
cat(sprintf("# %s; survey %s\n", R.version.string, packageVersion("survey")))
cat("design,by,group,estimate,linearised,n_eff,std_error,ci_low,ci_high,statistic,p_value,df\n")
for (design in c("simple", "weight", "cluster", "weight cluster")) for (by in c("none", "region", "plan")) {
  used <- rows[!is.na(rows$x) & !(grepl("weight", design) & is.na(rows$weight)), ]
  used$group <- if (by == "none") "all" else used[[by]]
  fits <- lapply(split(used, used$group), one, design = design)
  for (group in names(fits)) with(as.list(fits[[group]]),
    line(design, by, group, estimate, linearised, n_eff, centre, std_error, df, 100))
  if (by == "none") next
  shared <- by == "region" && grepl("cluster", design)
  joint <- if (shared) svyby(~x, ~group, design_of(used, design), svymean, covmat = TRUE)
  rho <- if (shared) cov2cor(vcov(joint))[1, 2] else 0
  a <- as.list(fits[[1]]); b <- as.list(fits[[2]])
  linearised <- if (shared) SE(svycontrast(joint, c(1, -1)))[[1]] else sqrt(a$linearised^2 + b$linearised^2)
  line(design, by, paste(names(fits), collapse = " - "), a$estimate - b$estimate, linearised, NA, a$centre - b$centre,
    sqrt(a$std_error^2 + b$std_error^2 - 2 * rho * a$std_error * b$std_error), min(a$df, b$df), 200)
}
