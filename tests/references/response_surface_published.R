# Published examples of response surfaces, worked out by RSA.ST of the R package RSA (its function for known
# coefficients needs nothing else): Shanock et al. (2010), doi:10.1007/s10869-010-9183-4, p. 548, table 2, and the
# coefficients with standard errors, covariances and 181 degrees of freedom in the examples of the package.
# The standard error of a4 is worked out here, as the variance of x2 - xy + y2: RSA before 0.9.11 has two of its signs
# wrong, which its release notes trace to the article and its erratum (doi:10.1007/s10869-013-9317-6).
# Run: Rscript response_surface_published.R [RSA.ST.R of the package's source]   (writes response_surface_published.csv)
source_file <- commandArgs(TRUE)
if (length(source_file)) source(source_file) else RSA.ST <- RSA::RSA.ST
shanock <- c(x = -.23, y = .77, x2 = -.07, xy = .27, y2 = -.10)
package <- c(x = .131, y = .382, x2 = .074, xy = .002, y2 = .039)
SE <- c(x = .09, y = .09, x2 = .07, y2 = .07, xy = .11)
COV <- c(x_y = -.000, x2_y2 = .001, x2_xy = -.003, y2_xy = -.004)
lines <- c("agreement slope", "agreement curvature", "disagreement slope", "disagreement curvature")
out <- file("response_surface_published.csv", "w")
writeLines(c(paste0("# ", R.version.string, "; RSA.ST"), "example,term,estimate,std_error"), out)
for (example in c("shanock", "package")) {
  r <- if (example == "shanock") do.call(RSA.ST, as.list(shanock)) else
    do.call(RSA.ST, c(as.list(package), list(SE = SE, COV = COV, df = 181)))
  se <- if (is.null(r$SP$SE)) rep(NA, 4) else c(r$SP$SE[1:3],
    sqrt(sum(SE[c("x2", "xy", "y2")]^2) - 2 * COV["x2_xy"] - 2 * COV["y2_xy"] + 2 * COV["x2_y2"]))
  writeLines(sprintf("%s,%s,%.15g,%.15g", example, lines, r$SP$estimate, se), out)
  writeLines(sprintf("%s,%s,%.15g,NA", example, c("stationary expected", "stationary performed", "first axis slope",
    "second axis slope"), c(r$X0, r$Y0, r$p11, r$p21)), out)
}
close(out)
