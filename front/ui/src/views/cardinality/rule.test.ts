import { expect, test } from 'vitest';
import { dropRule } from './rule';

test('drops a metric, a value, or a value of a metric', () => {
  expect(dropRule({})).toBeNull();
  expect(dropRule({ label: 'pod' })).toBeNull();
  expect(dropRule({ metric: 'up' })).toBe(
    "metric_relabel_configs:\n  - source_labels: [__name__]\n    regex: 'up'\n    action: drop",
  );
  expect(dropRule({ metric: 'up', label: 'path', value: "/a.b'(c)" })).toContain(
    "source_labels: [__name__, path]\n    regex: 'up;/a\\.b''\\(c\\)'",
  );
});
