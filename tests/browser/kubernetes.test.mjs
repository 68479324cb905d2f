// The areas of clusters in a real browser, on a real cluster: a Deployment is broken with kubectl, and the page says
// why it is broken before somebody would have found the right command.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { assertAccessible, assertSound, base, launch, open, picture, ready } from './session.mjs';

const KUBECONFIG = process.env.CLUSTER_KUBECONFIG ?? '';
const cluster = process.env.CLUSTER ?? '';
const image = process.env.CLUSTER_IMAGE ?? 'localhost/busybox:1';
const KUBECTL = process.env.KUBECTL ?? 'kubectl';
/** What the page promises from when the API server knows it. */
const PROMISE_MS = 5000;
const WAIT_MS = 60_000;
const namespace = 'page-test';

function kubectl(args, input) {
  return execFileSync(KUBECTL, ['--kubeconfig', KUBECONFIG, ...args], { encoding: 'utf8', input, timeout: WAIT_MS });
}

function deployment(name, container) {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', imagePullPolicy: 'Never', ...container }] },
      },
    },
  });
}

/** Resolves as soon as the API server says what `found` looks for in the statuses of the containers of a workload. */
async function untilServerKnows(name, found) {
  const until = Date.now() + WAIT_MS;
  while (Date.now() < until) {
    const { items } = JSON.parse(kubectl(['-n', namespace, 'get', 'pods', '-l', `app=${name}`, '-o', 'json']));
    if (items.some((pod) => (pod.status.containerStatuses ?? []).some(found))) return Date.now();
  }
  throw new Error(`the API server does not know that ${name} is broken`);
}

const objectPath = (name) => `/clusters/${cluster}/objects/Deployment/${namespace}/${name}`;
/** No place shows the bars of something that is still on its way. */
const settled = (page) => page.waitForFunction(() => document.querySelector('[role="status"] i') === null);
/** Where no cluster is given these tests are counted as skipped. */
const options = cluster === '' ? { skip: 'CLUSTER names no cluster that the server watches' } : {};

let browser;
before(async () => {
  if (cluster === '') return;
  assert.notEqual(KUBECONFIG, '', 'CLUSTER_KUBECONFIG names the file that leads to it');
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  browser = await launch();
});
after(async () => {
  if (cluster === '') return;
  await browser?.close();
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
});

const BROKEN = [
  {
    name: 'no-image',
    container: { image: 'localhost/there-is-no-such-image:9' },
    known: (status) => status.state.waiting?.reason?.startsWith('ErrImage') || status.state.waiting?.reason === 'ImagePullBackOff',
    says: /image localhost\/there-is-no-such-image:9 of container app cannot be had/i,
    command: /kubectl -n page-test describe pod no-image-/,
  },
  {
    name: 'crash-loop',
    container: { image, command: ['/bin/sh', '-c', 'exit 3'] },
    known: (status) => status.state.terminated?.exitCode === 3 || status.state.waiting?.reason === 'CrashLoopBackOff',
    // Between two starts it has ended, after them it waits: both say how.
    says: /container app (ended|ends again and again): exit code 3/i,
    command: /kubectl -n page-test logs crash-loop-.* -c app --previous/,
  },
];

for (const { name, container, known, says, command } of BROKEN) {
  test(`why ${name} is broken stands on the page within 5 s`, options, async (t) => {
    kubectl(['apply', '-f', '-'], deployment(name, container));
    const page = await open(browser, `/clusters/${cluster}/workloads?namespace=${namespace}`);
    page.setDefaultTimeout(WAIT_MS);
    const shown = page
      .locator('tbody tr', { hasText: name })
      .getByText(says)
      .waitFor()
      .then(() => Date.now());
    const knownAt = await untilServerKnows(name, known);
    const shownAt = await shown;
    t.diagnostic(`${name}: on the page ${shownAt - knownAt} ms after the API server was seen to know it`);
    assert.ok(shownAt - knownAt < PROMISE_MS, `it took ${shownAt - knownAt} ms`);
    await page.locator('tbody tr a', { hasText: name }).first().click();
    await page.waitForURL((url) => url.pathname === objectPath(name));
    await page.getByTestId('state').getByText(says).waitFor();
    await page.getByText(command).first().waitFor();
    await assertSound(page);
    await assertAccessible(page);
    await page.context().close();
    for (const theme of ['dark', 'light']) {
      const again = await open(browser, objectPath(name), { theme, height: 1200 });
      await again.getByTestId('state').getByText(says).waitFor();
      await settled(again);
      await assertSound(again);
      await assertAccessible(again);
      await picture(again, `${name}-${theme}`);
      await again.context().close();
    }
  });
}

const VIEWS = [
  ['clusters', '/clusters', (page) => page.getByRole('heading', { name: cluster }).waitFor()],
  ['nodes', `/clusters/${cluster}/nodes`, ready.list],
  ['workloads', `/clusters/${cluster}/workloads`, ready.list],
  ['control-plane', `/clusters/${cluster}/control-plane`, (page) => page.getByTestId('state').waitFor()],
  ['events', `/clusters/${cluster}/events`, ready.list],
];
for (const [name, path, isReady] of VIEWS) {
  for (const [suffix, look] of [
    ['dark', { theme: 'dark' }],
    ['light', { theme: 'light' }],
    ['phone', { theme: 'light', width: 390, height: 844, language: 'zh' }],
  ]) {
    test(`${name} is sound and accessible (${suffix})`, options, async () => {
      const page = await open(browser, path, look);
      await isReady(page);
      await settled(page);
      await assertSound(page);
      await assertAccessible(page);
      await picture(page, `${name}-${suffix}`);
      await page.context().close();
    });
  }
}

test('keys lead to the areas of clusters, and the palette to an object', options, async () => {
  const page = await open(browser, '/clusters');
  await page.getByRole('heading', { name: cluster }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await page.waitForURL(`${base}/clusters/${cluster}/nodes`);
  await ready.list(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/nodes\/./);
  await page.getByTestId('state').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('crash-loop');
  await page.getByRole('option', { name: new RegExp(`${namespace}/crash-loop.*Deployment`) }).first().click();
  await page.waitForURL((url) => url.pathname === objectPath('crash-loop'));
  await page.getByRole('button', { name: /^YAML/ }).click();
  await page.locator('pre', { hasText: 'kind: Deployment' }).waitFor();
  await assertSound(page);
  await page.context().close();
});

test('an object that is not there says so', options, async () => {
  const page = await open(browser, objectPath('never-was'), { expected: (text) => text.includes('404') });
  await page.getByText(/There is no Deployment called never-was/).waitFor();
  await page.context().close();
});
