// Writes NAME.gz beside every text asset, so that the server sends bytes instead of compressing them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
for (const entry of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|html|svg|json)$/.test(entry) || entry === 'placeholder.html') continue;
  const path = join(dist, entry);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
