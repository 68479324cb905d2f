// The areas of clusters in a real browser, on a real cluster: a Deployment is broken with kubectl, and the page says
// why it is broken before somebody would have found the right command.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { assertAccessible, assertSound, base, launch, open, picture, ready } from './session.mjs';

const cluster = process.env.CLUSTER ?? '';
const image = process.env.CLUSTER_IMAGE ?? 'localhost/busybox:1';
/** The command with the words that lead it to the cluster, as in `kubectl --kubeconfig FILE`. */
const [KUBECTL, ...LEADING] = (process.env.KUBECTL ?? 'kubectl').split(' ');
/** What the page promises from when the API server knows it. */
const PROMISE_MS = 5000;
const WAIT_MS = 120_000;
/** Time between two looks at the API server: what a test measures is at most so much too short. */
const LOOK_MS = 20;
const namespace = 'page-test';

function kubectl(args, input) {
  return execFileSync(KUBECTL, [...LEADING, ...args], { encoding: 'utf8', input, timeout: WAIT_MS });
}

/** The API server over plain HTTP, so that asking it takes no time: `{ url, stop }`. */
async function startProxy() {
  const child = spawn(KUBECTL, [...LEADING, 'proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const address = /127\.0\.0\.1:\d+/.exec(String(line));
  assert.ok(address, `kubectl proxy said ${line}`);
  return { url: `http://${address[0]}`, stop: () => child.kill() };
}

function deployment(name, { container, pod }) {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'app', imagePullPolicy: 'Never', image, ...container }],
          ...pod,
        },
      },
    },
  });
}

/** Resolves as soon as the API server says what `known` looks for in pods of a workload and the events about them. */
async function untilServerKnows(name, known) {
  const of = async (what) => {
    const answer = await fetch(`${proxy.url}/api/v1/namespaces/${namespace}/${what}`);
    return (await answer.json()).items ?? [];
  };
  const until = Date.now() + WAIT_MS;
  while (Date.now() < until) {
    const pods = await of(`pods?labelSelector=app%3D${name}`);
    const events = (await of('events')).filter((event) => pods.some((pod) => pod.metadata.uid === event.involvedObject.uid));
    if (pods.some((pod) => known(pod.status, events))) return Date.now();
    await pause(LOOK_MS);
  }
  throw new Error(`the API server does not know that ${name} is broken`);
}

const objectPath = (name) => `/clusters/${cluster}/objects/Deployment/${namespace}/${name}`;
/** No place that is in sight shows the bars of something that is still on its way; charts out of sight ask for nothing. */
const settled = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll('[role="status"] i')].every((bar) => bar.getBoundingClientRect().top > innerHeight),
  );
/** Where no cluster is given these tests are counted as skipped. */
const options = cluster === '' ? { skip: 'CLUSTER names no cluster that the server watches' } : {};

let browser;
let proxy;
before(async () => {
  if (cluster === '') return;
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  proxy = await startProxy();
  browser = await launch();
});
after(async () => {
  if (cluster === '') return;
  await browser?.close();
  proxy?.stop();
  kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
});

const inContainer = (found) => (status) => (status.containerStatuses ?? []).some(found);
/** The round of a loop that a container is in: it has ended, waits for its next start, or runs again. */
const loops = (how) => new RegExp(`container app (ended|ends again and again \\(\\d+ restarts?\\)|was restarted .*): ${how}`, 'i');
const BROKEN = [
  {
    name: 'no-image',
    container: { image: 'localhost/there-is-no-such-image:9' },
    known: inContainer((status) => /^ErrImage|^ImagePull/.test(status.state.waiting?.reason)),
    says: /image localhost\/there-is-no-such-image:9 of container app cannot be had/i,
    command: /kubectl -n page-test describe pod no-image-/,
  },
  {
    name: 'crash-loop',
    container: { command: ['/bin/sh', '-c', 'echo no database; exit 3'] },
    known: inContainer((status) => status.state.terminated?.exitCode === 3 || status.lastState.terminated?.exitCode === 3),
    says: loops('exit code 3'),
    command: /kubectl -n page-test logs crash-loop-.* -c app --previous/,
  },
  {
    name: 'no-memory',
    container: { command: ['/bin/sh', '-c', 'exec tail /dev/zero'], resources: { limits: { memory: '16Mi' } } },
    known: inContainer((status) => [status.state, status.lastState].some(({ terminated }) => terminated?.reason === 'OOMKilled')),
    says: loops('killed for memory \\(exit code 137\\)'),
    command: /kubectl -n page-test logs no-memory-.* -c app --previous/,
  },
  {
    name: 'no-config',
    container: { envFrom: [{ configMapRef: { name: 'nowhere' } }], command: ['sleep', 'infinity'] },
    known: inContainer((status) => status.state.waiting?.reason === 'CreateContainerConfigError'),
    says: /container app cannot be started: CreateContainerConfigError: configmap "nowhere" not found/i,
    command: /kubectl -n page-test describe pod no-config-/,
  },
  {
    name: 'no-node',
    container: { command: ['sleep', 'infinity'], resources: { requests: { cpu: '512' } } },
    known: (status) => (status.conditions ?? []).some(({ reason }) => reason === 'Unschedulable'),
    says: /no node takes it: 0\/\d+ nodes are available.*Insufficient cpu/i,
    command: /kubectl -n page-test describe pod no-node-/,
  },
  {
    name: 'not-ready',
    container: { command: ['sleep', 'infinity'], readinessProbe: { exec: { command: ['cat', '/ready'] }, periodSeconds: 1 } },
    known: (_, events) => events.some(({ reason }) => reason === 'Unhealthy'),
    says: /container app runs and is not ready: Readiness probe failed: .*\/ready/i,
    command: /kubectl -n page-test describe pod not-ready-/,
  },
];

for (const { name, known, says, command, ...broken } of BROKEN) {
  test(`why ${name} is broken stands on the page within 5 s`, options, async (t) => {
    // Somebody looks on: what a browser takes to start is not what is measured.
    const page = await open(browser, `/clusters/${cluster}/workloads?namespace=${namespace}`);
    page.setDefaultTimeout(WAIT_MS);
    kubectl(['apply', '-f', '-'], deployment(name, broken));
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
      again.setDefaultTimeout(WAIT_MS);
      await again.getByTestId('state').getByText(says).waitFor();
      await settled(again);
      await assertSound(again);
      await assertAccessible(again);
      await picture(again, `${name}-${theme}`);
      await again.context().close();
    }
  });
}

test('the page counts the restarts of a loop', options, async () => {
  const page = await open(browser, objectPath('crash-loop'));
  page.setDefaultTimeout(WAIT_MS);
  await page.getByTestId('state').getByText(/ends again and again \(([2-9]|\d{2,}) restarts\): exit code 3/).waitFor();
  await assertSound(page);
  await page.context().close();
});

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
      page.setDefaultTimeout(WAIT_MS);
      await isReady(page);
      await settled(page);
      await assertSound(page);
      await assertAccessible(page);
      await picture(page, `${name}-${suffix}`);
      await page.context().close();
    });
  }
}

test('parts of the control plane that hold no lease and are no pods are known by their answers', options, async () => {
  const page = await open(browser, `/clusters/${cluster}/control-plane`);
  for (const part of ['kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager', 'cluster-dns']) {
    await page.getByRole('listitem').filter({ hasText: part }).first().waitFor();
  }
  await page.getByRole('listitem').filter({ hasText: 'kube-scheduler' }).getByText(/answers at 1 address/i).waitFor();
  await page.context().close();
});

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
