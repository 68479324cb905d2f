// Taking a chart along: as a picture, as CSV, as a link. The clipboard first, a file where it is refused.

function save(blob: Blob, fileName: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(link.href);
}

function fileNameOf(title: string, ending: string): string {
  return `${
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '') || 'chart'
  }.${ending}`;
}

export type Taken = 'copied' | 'saved';

export async function copyText(text: string, title: string, ending: string): Promise<Taken> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    save(new Blob([text], { type: 'text/plain' }), fileNameOf(title, ending));
    return 'saved';
  }
}

/** The canvas with its title above it and the ground of the page behind it. */
function pictureOf(canvas: HTMLCanvasElement, title: string): HTMLCanvasElement {
  const scale = devicePixelRatio;
  const picture = document.createElement('canvas');
  const style = getComputedStyle(canvas);
  const top = 28 * scale;
  picture.width = canvas.width + 16 * scale;
  picture.height = canvas.height + top + 8 * scale;
  const ctx = picture.getContext('2d');
  if (ctx === null) return picture;
  ctx.fillStyle = style.getPropertyValue('--n1');
  ctx.fillRect(0, 0, picture.width, picture.height);
  ctx.fillStyle = style.getPropertyValue('--n8');
  ctx.font = `600 ${13 * scale}px ${style.fontFamily}`;
  ctx.fillText(title, 10 * scale, 19 * scale);
  ctx.drawImage(canvas, 8 * scale, top);
  return picture;
}

export async function copyPicture(canvas: HTMLCanvasElement, title: string): Promise<Taken> {
  const picture = pictureOf(canvas, title);
  const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('the browser made no picture');
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    return 'copied';
  } catch {
    save(blob, fileNameOf(title, 'png'));
    return 'saved';
  }
}
