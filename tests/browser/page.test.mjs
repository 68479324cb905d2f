// The page in a real browser against a running server: every view, both themes, both languages,
// keyboard, a phone, errors, and what a screen reader needs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertSound, base, launch, open, picture, ready } from './session.mjs';

const QUERY = 'sum by (mode) (rate(node_cpu_seconds_total[1m]))';
const VIEWS = [
  ['overview', '/', ready.overview],
  ['processes', '/processes', ready.list],
  ['containers', '/containers', ready.containers],
  ['explore', `/explore?expr=${encodeURIComponent(QUERY)}`, (page) => page.locator('canvas').first().waitFor()],
  ['metrics', '/cardinality', ready.counts],
  ['targets', '/targets', ready.list],
  ['system', '/system', ready.system],
];

/** What this process is called in lists of processes: the browser's own may end at any moment, this one stays. */
const OWN_NAME = 'page-test';
process.title = OWN_NAME;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const [name, path, isReady] of VIEWS) {
  for (const theme of ['dark', 'light']) {
    test(`${name} shows live values, is sound and accessible (${theme})`, async () => {
      const page = await open(browser, path, { theme });
      await isReady(page);
      await assertSound(page);
      await assertAccessible(page);
      await picture(page, `${name}-${theme}`);
      await page.context().close();
    });
  }
  test(`${name} fits a phone and speaks Chinese`, async () => {
    const page = await open(browser, path, { width: 390, height: 844, language: 'zh' });
    await isReady(page);
    await assertSound(page);
    await assertAccessible(page);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
    await picture(page, `${name}-phone`);
    await page.context().close();
  });
}

test('the overview follows the machine', async () => {
  const page = await open(browser, '/?range=5m');
  await ready.overview(page);
  await page.waitForFunction(() => document.querySelector('[data-testid="live"]')?.dataset.state === 'streaming');
  // Incremental: a refresh asks for far less than the window, all of it in one request.
  await page.waitForResponse((response) => {
    if (!response.url().endsWith('/api/v1/query_batch')) return false;
    const ranges = response.request().postDataJSON().queries.filter(({ start }) => start !== undefined);
    return ranges.length > 5 && ranges.every(({ start, end }) => Number(end) - Number(start) < 60);
  });
  await page.context().close();
});

test('the first process opens by keyboard and has its page', async () => {
  const page = await open(browser, `/processes?q=${OWN_NAME}`);
  await ready.list(page);
  await page.keyboard.press('j');
  await page.locator('tr[data-selected]').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/processes\/\d+/);
  await ready.object(page);
  await assertSound(page);
  await assertAccessible(page);
  await picture(page, 'process-dark');
  await page.goBack();
  await ready.list(page);
  await page.context().close();
});

test('a list filters and sorts in the URL', async () => {
  const page = await open(browser, '/processes');
  await ready.list(page);
  const name = (await page.locator('tbody tr[data-open] a').first().textContent()) ?? '';
  await page.keyboard.press('f');
  await page.keyboard.type(name);
  await page.waitForURL((url) => url.searchParams.get('q') === name);
  await page.getByRole('button', { name: /^Memory$/ }).click();
  await page.waitForURL((url) => url.searchParams.get('sort') === '-memory');
  await page.reload();
  await ready.list(page);
  const rows = await page.locator('tbody tr[data-open]').allInnerTexts();
  assert.ok(rows.every((row) => row.includes(name)));
  await page.context().close();
});

test('a container has its page', async (t) => {
  const name = process.env.CONTAINER ?? '';
  const page = await open(browser, '/containers');
  await ready.containers(page);
  if (name === '') {
    // Without one the list must say what would fill it.
    assert.match(await page.locator('section [role="status"] p').first().innerText(), /\w{3}/);
    await page.context().close();
    t.skip('CONTAINER names no running container');
    return;
  }
  await page.locator('tbody tr[data-open] a', { hasText: name }).click();
  await page.waitForURL(/\/containers\/.+/);
  await ready.object(page);
  await page.reload();
  await ready.object(page);
  await assertSound(page);
  await assertAccessible(page);
  await picture(page, 'container-dark');
  await page.context().close();
});

test('a query is typed, completed, run and drawn', async () => {
  const page = await open(browser, '/explore');
  await ready.explore(page);
  await page.getByTestId('editor').click();
  await page.keyboard.type('node_cpu_sec');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'node_cpu_seconds_total' }).first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(QUERY);
  await page.keyboard.press('Control+Enter');
  await page.waitForURL((url) => url.searchParams.get('expr') === QUERY);
  await page.locator('canvas').first().waitFor();
  await page.getByText(/series, one point every/).waitFor();
  await page.getByRole('button', { name: 'Stacked' }).click();
  await page.waitForURL((url) => url.searchParams.get('stacked') === '1');
  await page.getByRole('button', { name: 'Table' }).click();
  await page.locator('tbody tr').first().waitFor();
  assert.match(await page.locator('tbody').first().innerText(), /%/);
  await assertSound(page);
  await page.context().close();
});

test('a wrong query shows its error at its place', async () => {
  const wrong = 'sum(rat(node_cpu_seconds_total[1m]))';
  const page = await open(browser, '/explore', { expected: (text) => text.includes('400') });
  await ready.explore(page);
  await page.getByTestId('editor').click();
  await page.keyboard.insertText(wrong);
  await page.keyboard.press('Control+Enter');
  await page.getByTestId('query-error').waitFor();
  await page.locator('.cm-lintRange-error').waitFor();
  assert.match(await page.locator('.cm-lintRange-error').first().innerText(), /^rat\b/);
  await assertSound(page);
  await picture(page, 'explore-error');
  await page.context().close();
});

test('a drag zooms, the URL keeps it, and a double click goes back', async () => {
  const page = await open(browser, `/explore?range=5m&expr=${encodeURIComponent(QUERY)}`);
  const over = page.locator('.u-over').first();
  await over.waitFor();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.has('from') && url.searchParams.has('to'));
  await page.waitForFunction(() => document.querySelector('[data-testid="live"]')?.dataset.state === 'fixed');
  await over.waitFor();
  await over.dblclick({ position: { x: 80, y: 40 } });
  await page.waitForURL((url) => !url.searchParams.has('from') && url.searchParams.get('range') === '5m');
  await over.click({ position: { x: 120, y: 40 } });
  await page.waitForURL((url) => url.searchParams.has('at'));
  await assertSound(page);
  await page.context().close();
});

test('theme and language switch and stay', async () => {
  const page = await open(browser, '/system');
  await ready.system(page);
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Light' }).click();
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemcheckbox', { name: '中文' }).click();
  await page.getByRole('link', { name: '概览' }).first().waitFor();
  await page.reload();
  await page.getByRole('link', { name: '概览' }).first().waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
  await page.context().close();
});

test('the keyboard reaches the areas, the palette and the help', async () => {
  const page = await open(browser, '/');
  await ready.overview(page);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.waitForURL(/\/system/);
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type('node_load1');
  await page.getByRole('option', { name: /node_load1/ }).first().waitFor();
  await assertAccessible(page);
  await picture(page, 'palette-dark');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/explore\?.*expr=node_load1/);
  await page.locator('canvas').first().waitFor();
  await assertSound(page);
  await page.context().close();
});

test('a chart shows its query and opens in Explore', async () => {
  const page = await open(browser, '/');
  await ready.overview(page);
  const menu = page.getByRole('button', { name: /^Menu of CPU by mode/ });
  await menu.click();
  await page.getByRole('menuitem', { name: 'Show query' }).click();
  await page.locator('pre', { hasText: 'node_cpu_seconds_total' }).waitFor();
  await menu.click();
  await page.getByRole('menuitem', { name: 'Open in Explore' }).click();
  await page.waitForURL(/\/explore\?.*node_cpu_seconds_total/);
  await page.locator('canvas').first().waitFor();
  await assertSound(page);
  await page.context().close();
});

test('a lost server leaves old data in view and says how old it is', async () => {
  const page = await open(browser, '/', { expected: () => true });
  await ready.overview(page);
  const before = await page.getByTestId('state').innerText();
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByText(/ old, retry/).first().waitFor();
  assert.ok((await page.getByTestId('state').innerText()).length > 0 && before.length > 0);
  assert.ok((await page.locator('canvas').count()) > 0);
  await picture(page, 'offline-dark');
  await page.context().close();
});

test('a server that wants a token gets the sign-in screen', async () => {
  const page = await open(browser, '/system', { expected: (text) => text.includes('401') });
  await ready.system(page);
  await page.route('**/api/v1/**', (route) =>
    route.fulfill({ status: 401, contentType: 'application/json', body: '{"status":"error","error":"unauthorized"}' }),
  );
  await page.reload();
  await page.getByLabel('Token').waitFor();
  await assertAccessible(page);
  await page.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await picture(page, 'signin-dark');
  await page.unroute('**/api/v1/**');
  await page.route('**/api/v1/session', (route) =>
    route.fulfill({ status: 200, contentType: 'application/json', body: '{"status":"success"}' }),
  );
  await page.getByLabel('Token').fill('right');
  await page.keyboard.press('Enter');
  await ready.system(page);
  await page.context().close();
});

test('an unknown path says so', async () => {
  const page = await open(browser, '/no/such/page', { expected: (text) => text.includes('404') });
  await page.getByText('There is no page at /no/such/page.').waitFor();
  await page.getByRole('link', { name: 'To the overview' }).click();
  await page.waitForURL(`${base}/`);
  await page.context().close();
});

test('fifty series of two thousand points stay smooth', async (test) => {
  const to = Date.now();
  const page = await open(browser, `/explore?from=${to - 7 * 86_400_000}&to=${to}`);
  await ready.explore(page);
  // Answers with a made-up matrix of that size: what is measured is the drawing, not the data.
  const matrix = ({ start, end, step }) => {
    const [from, pace] = [Number(start), Number(step)];
    const count = Math.floor((Number(end) - from) / pace) + 1;
    const value = (line, idx) => [from + idx * pace, String(Math.sin(idx / 50 + line) + line)];
    const result = Array.from({ length: 50 }, (_, line) => ({
      metric: { line: String(line) },
      values: Array.from({ length: count }, (_, idx) => value(line, idx)),
    }));
    return { status: 'success', data: { resultType: 'matrix', result } };
  };
  let points = 0;
  await page.route('**/api/v1/query_batch', (route) => {
    const data = route.request().postDataJSON().queries.map(matrix);
    points = Math.max(points, ...data.map((answer) => answer.data.result[0].values.length));
    return route.fulfill({ contentType: 'application/json', body: JSON.stringify({ status: 'success', data }) });
  });
  await page.getByRole('textbox', { name: 'Step' }).fill('302s');
  await page.keyboard.press('Enter');
  await page.getByTestId('editor').click();
  await page.keyboard.insertText('node_load1');
  await page.keyboard.press('Control+Enter');
  await page.getByText(/50 series/).waitFor();
  await page.locator('canvas').first().waitFor();
  const box = await page.locator('.u-over').first().boundingBox();
  const frames = page.evaluate(
    () =>
      new Promise((resolve) => {
        const times = [];
        const frame = (now) => {
          times.push(now);
          if (times.length < 60) requestAnimationFrame(frame);
          else resolve(times.slice(1).map((time, idx) => time - times[idx]).sort((a, b) => a - b));
        };
        requestAnimationFrame(frame);
      }),
  );
  for (let idx = 0; idx < 60; idx += 1) await page.mouse.move(box.x + 50 + idx * 8, box.y + 100);
  const sorted = await frames;
  assert.ok(points >= 2000, `only ${points} points were drawn`);
  // A figure, not a verdict: the machine may be busy with other things.
  test.diagnostic(`median frame ${sorted[Math.floor(sorted.length / 2)].toFixed(1)} ms with 50 × ${points} points`);
  await page.context().close();
});
