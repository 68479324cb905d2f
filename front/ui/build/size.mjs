// Fails when the first load (index.html and all that it names or statically imports) passes the budget.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUDGET_BYTES = 350_000;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const compressed = (name) => {
  const path = join(dist, name);
  return statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;
};

const first = new Set(['index.html']);
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const queue = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
while (queue.length > 0) {
  const name = queue.pop();
  if (first.has(name)) continue;
  first.add(name);
  if (!name.endsWith('.js')) continue;
  const source = readFileSync(join(dist, name), 'utf8');
  for (const match of source.matchAll(/(?:from|^import|[;}]import)\s*"(\.[^"]+)"/g)) {
    queue.push(normalize(join(dirname(name), match[1])));
  }
}

let total = 0;
for (const name of [...first].sort()) {
  total += compressed(name);
  console.log(`${String(compressed(name)).padStart(8)}  ${name}`);
}
const later = readdirSync(join(dist, 'assets')).filter(
  (name) => !name.endsWith('.gz') && !first.has(`assets/${name}`),
);
for (const name of later)
  console.log(`${String(compressed(`assets/${name}`)).padStart(8)}  assets/${name} (on demand)`);
console.log(`first load: ${total} bytes compressed, budget ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) process.exit(1);
