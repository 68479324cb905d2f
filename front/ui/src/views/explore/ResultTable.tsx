// The answer of an instant query as a table: a column per label, the value right.
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo, useState } from 'react';
import { type Sample, seriesKey } from '../../api/prometheus';
import { formatExact, formatValue, guessUnit } from '../../format/units';
import { useTranslate } from '../../i18n/translate';
import { Message } from '../../parts/States';
import { DataTable } from '../../table/DataTable';

const MAX_COLUMNS = 10;

export function ResultTable({ samples, expr }: { samples: readonly Sample[]; expr: string }) {
  const t = useTranslate();
  const unit = guessUnit(expr);
  const [filter, setFilter] = useState('');
  const [sort, setSort] = useState('-value');
  const columns = useMemo(() => {
    const names = new Set<string>();
    for (const sample of samples) for (const name of Object.keys(sample.labels)) names.add(name);
    const shown = [...names].sort(
      (a, b) => Number(b === '__name__') - Number(a === '__name__') || a.localeCompare(b),
    );
    const labels = shown.slice(0, MAX_COLUMNS).map((name): ColumnDef<Sample, string> => ({
      id: name,
      header: name === '__name__' ? t('explore.metric') : name,
      accessorFn: (row) => row.labels[name] ?? '',
      sortDescFirst: false,
      meta: { width: name === '__name__' ? 260 : 140 },
      cell: ({ getValue }) => <span title={getValue()}>{getValue()}</span>,
    }));
    const value: ColumnDef<Sample, number | null> = {
      id: 'value',
      header: t('explore.value'),
      accessorFn: (row) => row.value,
      meta: { right: true, width: 140 },
      cell: ({ getValue, row: { original } }) => (
        <span title={formatExact(getValue(), unit)}>
          {original.histogram === undefined
            ? formatValue(getValue(), unit)
            : t('explore.histogram', {
                count: formatValue(original.histogram.count, 'count'),
                average: formatValue(getValue(), unit),
              })}
        </span>
      ),
    };
    const lead: ColumnDef<Sample, string> = {
      id: 'series',
      header: t('chart.series'),
      accessorFn: (row) => seriesKey(row.labels),
      meta: { width: 200 },
    };
    return labels.length === 0 ? [lead, value] : [...labels, value];
  }, [samples, t, unit]);
  return (
    <DataTable
      name="result"
      label={t('explore.table')}
      rows={samples}
      columns={columns}
      rowKey={(row) => seriesKey(row.labels)}
      searchText={(row) => seriesKey(row.labels)}
      filter={filter}
      onFilter={setFilter}
      sort={sort}
      onSort={setSort}
      empty={<Message kind="empty" text={t('explore.noSeries')} />}
    />
  );
}
