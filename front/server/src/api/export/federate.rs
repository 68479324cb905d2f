//! `/federate`: the newest sample of each series that matches, for another Prometheus to scrape.
//!
//! As in Prometheus: samples within the lookback; stale markers left out; families in order of names, untyped unless
//! they are histograms; every sample with its time; external labels added where a series has them not, and an empty
//! `instance` so that the scraper keeps that of the series.
