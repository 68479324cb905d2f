// One browser for the suite, pages that remember what went wrong, and the waits the tests share.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const base = process.env.PERIPLUS_URL ?? '';
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DEADLINE_MS = 15_000;

/** Starts Chromium; fails at once when no server is named. */
export async function launch() {
  assert.notEqual(base, '', 'PERIPLUS_URL must name a running server, such as http://127.0.0.1:8420');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens a path; the page carries `problems`, everything the console and the network complained about. */
export async function open(browser, path, options = {}) {
  const { theme = 'dark', language = 'en', width = 1280, height = 900, expected = () => false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await context.addInitScript(
    ([themeName, languageName]) => {
      if (sessionStorage.getItem('set') !== null) return;
      sessionStorage.setItem('set', '1');
      localStorage.setItem('periplus.theme', themeName);
      localStorage.setItem('periplus.language', languageName);
    },
    [theme, language],
  );
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected(message.text())) page.problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== new URL(base).origin) page.problems.push(`foreign: ${request.url()}`);
  });
  await page.goto(base + path);
  return page;
}

/** Fails when the page complained, shows a missing number by accident, or scrolls sideways. */
export async function assertSound(page) {
  assert.deepEqual(page.problems, []);
  const text = await page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(text, /\bNaN\b|\bundefined\b|\[object |\{\w+\}(?!")/);
  const wide = await page.evaluate(() => {
    const main = document.getElementById('main');
    return document.documentElement.scrollWidth > innerWidth || (main !== null && main.scrollWidth > main.clientWidth);
  });
  assert.equal(wide, false, 'the page scrolls sideways');
}

/** Runs axe and fails on anything serious or critical. */
export async function assertAccessible(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
  });
  assert.deepEqual(found, []);
}

/** Keeps a picture when SCREENSHOTS names a folder. */
export async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** What shows that a view has its data: waits for it, never for a time. */
export const ready = {
  overview: async (page) => {
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="state"]')?.textContent ?? ''));
    await page.locator('canvas').first().waitFor();
    await page.locator('aside ol li').first().waitFor();
  },
  list: (page) => page.locator('tbody tr[data-open]').first().waitFor(),
  containers: async (page) => {
    // A machine without containers shows its services; one without either says so.
    await page.locator('[role="tab"]').first().waitFor();
    await page.waitForFunction(
      () => document.querySelector('tbody tr[data-open]') !== null || document.querySelector('section [role="status"] p') !== null,
    );
  },
  object: async (page) => {
    await page.locator('[data-testid="state"]').waitFor();
    await page.locator('canvas').first().waitFor();
  },
  counts: (page) => page.locator('main ol button').first().waitFor(),
  explore: (page) => page.getByTestId('editor').waitFor(),
  system: (page) => page.locator('tbody tr').first().waitFor(),
};
