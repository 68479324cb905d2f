// Shows the page until the standard input ends, for measurements of the server with a reader.
import { launch, open } from './session.mjs';

const browser = await launch();
const page = await open(browser, process.argv[2] ?? '/');
await page.waitForSelector('canvas');
console.log('open');
process.stdin.resume();
process.stdin.on('end', async () => {
  await browser.close();
  process.exit(0);
});
