// The relabelling rule that drops what is looked at.
import type { CardinalitySearch } from '../../frame/router';

/** Text that stands for itself in an anchored RE2 pattern. */
function literal(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/** `metric_relabel_configs` that drops the chosen series; null where nothing is chosen. */
export function dropRule({ metric, label, value }: CardinalitySearch): string | null {
  const sources: string[] = [];
  const patterns: string[] = [];
  if (metric !== undefined) {
    sources.push('__name__');
    patterns.push(literal(metric));
  }
  if (label !== undefined && value !== undefined) {
    sources.push(label);
    patterns.push(literal(value));
  }
  if (sources.length === 0) return null;
  return [
    'metric_relabel_configs:',
    `  - source_labels: [${sources.join(', ')}]`,
    `    regex: '${patterns.join(';').replaceAll("'", "''")}'`,
    '    action: drop',
  ].join('\n');
}
