// What fills the store, what is scraped, and native histograms, on the page of a running server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertSound, base, launch, open, picture, ready } from './session.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('the explorer leads from all series to the rule that drops some', async () => {
  const page = await open(browser, '/cardinality');
  await ready.counts(page);
  const metric = page.getByRole('button', { name: /^node_cpu_seconds_total/ });
  await metric.click();
  await page.waitForURL(/metric=node_cpu_seconds_total/);
  await page.getByRole('button', { name: /^mode\s?\d/ }).click();
  await page.getByRole('heading', { name: /Values of mode/ }).waitFor();
  await page.getByRole('button', { name: /^idle/ }).click();
  await page.waitForURL(/value=idle/);
  const rule = page.locator('pre');
  await page.waitForFunction(() => document.querySelector('pre')?.textContent.includes('idle'));
  assert.match(await rule.textContent(), /source_labels: \[__name__, mode\]\n\s+regex: 'node_cpu_seconds_total;idle'/);
  await assertSound(page);
  await assertAccessible(page);
  await picture(page, 'metrics-narrowed');
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('value='));
  await page.context().close();
});

test('a target that does not answer stands first and says why', async () => {
  const page = await open(browser, '/targets');
  await ready.list(page);
  await page.waitForFunction(() => /refused/.test(document.querySelector('[data-testid="state"]')?.textContent ?? ''));
  const first = page.locator('tbody tr[data-open]').first();
  await first.getByText('down').waitFor();
  await first.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('checkout').first().waitFor();
  await dialog.getByText('Relabelling, rule by rule').waitFor();
  await assertSound(page);
  await assertAccessible(page);
  await picture(page, 'target-down');
  await dialog.getByRole('link', { name: 'When it was up' }).click();
  await page.waitForURL(/\/explore\?expr=up/);
  await page.context().close();
});

test('native histograms are drawn as a heat map', async () => {
  const now = Date.now();
  const dataPoints = Array.from({ length: 30 }, (_, idx) => ({
    startTimeUnixNano: String((now - 40_000) * 1e6),
    timeUnixNano: String((now - (29 - idx) * 1000) * 1e6),
    count: String(idx * 6 + 6),
    sum: (idx + 1) * 1.5,
    scale: 2,
    zeroCount: '0',
    positive: { offset: -12, bucketCounts: [1, 2, 2, 1].map((count) => String(count * (idx + 1))) },
  }));
  const metric = { name: 'checkout.duration', unit: 's', exponentialHistogram: { aggregationTemporality: 2, dataPoints } };
  const attributes = [{ key: 'service.name', value: { stringValue: 'checkout' } }];
  const answer = await fetch(`${base}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics: [metric] }] }] }),
  });
  assert.equal(answer.status, 200, await answer.text());
  const expr = encodeURIComponent('checkout_duration_seconds');
  const page = await open(browser, `/explore?expr=${expr}&range=5m`);
  await page.getByText(/4 buckets/).waitFor();
  await page.locator('canvas').first().waitFor();
  await assertSound(page);
  await assertAccessible(page);
  await picture(page, 'explore-heat');
  await page.goto(`${base}/explore?expr=${expr}&show=table`);
  await page.getByText(/on average, 180 observed/).waitFor();
  await page.context().close();
});
