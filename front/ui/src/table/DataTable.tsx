// One list for everything: sorted, filtered by typing, driven by keys, virtual when long.
import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getFilteredRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
  type VisibilityState,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, Columns3, Search } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { isTyping } from '../frame/keys';
import { useTranslate } from '../i18n/translate';
import { Menu } from '../parts/Menu';
import { usePreference } from '../preferences/store';
import styles from './DataTable.module.css';

const VIRTUAL_ABOVE = 200;

declare module '@tanstack/react-table' {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Numbers stand right. */
    right?: boolean;
    width?: number;
    /** Takes the room that the others leave; one column of a list. */
    grows?: boolean;
    /** Hidden on a narrow screen. */
    wide?: boolean;
    /** Explains the column on hover. */
    hint?: string;
  }
}

interface Props<T> {
  /** Under this name the chosen columns are remembered. */
  name: string;
  rows: readonly T[];
  columns: ReadonlyArray<
    | ColumnDef<T, number | null>
    | ColumnDef<T, number | undefined>
    | ColumnDef<T, string>
    | ColumnDef<T, string | undefined>
  >;
  rowKey: (row: T) => string;
  /** Text that the filter looks at. */
  searchText: (row: T) => string;
  onOpen?: ((row: T) => void) | undefined;
  filter: string;
  onFilter: (text: string) => void;
  /** `column` or `-column` for largest first. */
  sort: string;
  onSort: (sort: string) => void;
  /** Stands left of the filter: tabs, counts. */
  lead?: ReactNode;
  /** Stands instead of the rows when there are none. */
  empty: ReactNode;
  label: string;
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia('(max-width: 720px)').matches);
  useEffect(() => {
    const query = matchMedia('(max-width: 720px)');
    const update = (): void => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return narrow;
}

export function DataTable<T>(props: Props<T>) {
  const { name, rows, columns, rowKey, searchText, onOpen, filter, onFilter, sort, onSort, label } = props;
  const t = useTranslate();
  const narrow = useNarrow();
  const [hiddenText, setHiddenText] = usePreference<string>(`columns.${name}`, '');
  const sorting = useMemo<SortingState>(
    () => [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }],
    [sort],
  );
  const visibility = useMemo<VisibilityState>(() => {
    const hidden = new Set(hiddenText.split(',').filter(Boolean));
    return Object.fromEntries(
      columns.map((column) => [
        column.id ?? '',
        !hidden.has(column.id ?? '') && !(narrow && column.meta?.wide === true),
      ]),
    );
  }, [hiddenText, columns, narrow]);
  const table = useReactTable<T>({
    data: rows as T[],
    columns: columns as ColumnDef<T>[],
    state: { sorting, globalFilter: filter, columnVisibility: visibility },
    getRowId: rowKey,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    getFilteredRowModel: getFilteredRowModel(),
    globalFilterFn: (row, _, typed: string) => {
      const text = searchText(row.original).toLowerCase();
      return typed
        .toLowerCase()
        .split(/\s+/)
        .every((word) => text.includes(word));
    },
    getColumnCanGlobalFilter: (column) => column.id === columns[0]?.id,
    sortDescFirst: true,
    enableSortingRemoval: false,
    onSortingChange: (update) => {
      const [next] = typeof update === 'function' ? update(sorting) : update;
      if (next !== undefined) onSort(`${next.desc ? '-' : ''}${next.id}`);
    },
  });
  const list = table.getRowModel().rows;
  const scroller = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const rowHeight = narrow ? 36 : 28;
  const isVirtual = list.length > VIRTUAL_ABOVE;
  const virtual = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    enabled: isVirtual,
  });
  const [selected, setSelected] = useState<string | null>(null);
  const latest = useRef({ list, selected, onOpen });
  latest.current = { list, selected, onOpen };

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('[role="dialog"],[role="menu"]') !== null) return;
      const now = latest.current;
      const at = now.list.findIndex((row) => row.id === now.selected);
      const go = (idx: number): void => {
        const next = now.list[Math.min(now.list.length - 1, Math.max(0, idx))];
        if (next === undefined) return;
        event.preventDefault();
        setSelected(next.id);
        if (isVirtual) virtual.scrollToIndex(next.index, { align: 'auto' });
        requestAnimationFrame(() =>
          scroller.current?.querySelector('[data-selected]')?.scrollIntoView({ block: 'nearest' }),
        );
      };
      if (event.key === 'j') go(at + 1);
      else if (event.key === 'k') go(at < 0 ? 0 : at - 1);
      else if (event.key === 'f') {
        event.preventDefault();
        field.current?.focus();
      } else if (event.key === 'Enter' && at >= 0 && !(event.target instanceof HTMLButtonElement)) {
        const row = now.list[at];
        if (row !== undefined) now.onOpen?.(row.original);
      } else if (event.key === 'Escape') setSelected(null);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isVirtual, virtual]);

  const items = isVirtual ? virtual.getVirtualItems() : list.map((_, index) => ({ index }));
  const before = isVirtual ? (virtual.getVirtualItems()[0]?.start ?? 0) : 0;
  const after = isVirtual ? virtual.getTotalSize() - (virtual.getVirtualItems().at(-1)?.end ?? 0) : 0;
  const width = table
    .getVisibleLeafColumns()
    .reduce((sum, column) => sum + (column.columnDef.meta?.width ?? 120), 0);
  const toggles = table.getAllLeafColumns().slice(1);

  return (
    <div className={styles.box}>
      <div className={styles.tools}>
        {props.lead}
        <div className={styles.filter}>
          <Search />
          <input
            ref={field}
            type="search"
            value={filter}
            placeholder={t('table.filter')}
            aria-label={t('table.filter')}
            onChange={(event) => onFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
            }}
          />
        </div>
        <span className={styles.count} aria-live="polite">
          {filter === ''
            ? t(rows.length === 1 ? 'table.countOne' : 'table.count', { count: rows.length })
            : t('table.found', { found: list.length, count: rows.length })}
        </span>
        <Menu
          label={t('table.columns')}
          trigger={<Columns3 />}
          entries={toggles.map((column) => ({
            text: String(column.columnDef.header),
            checked: column.getIsVisible(),
            stay: true,
            onSelect: () => {
              const hidden = new Set(hiddenText.split(',').filter(Boolean));
              if (!hidden.delete(column.id)) hidden.add(column.id);
              setHiddenText([...hidden].join(','));
            },
          }))}
        />
      </div>
      <section className={styles.scroller} ref={scroller} tabIndex={0} aria-label={label}>
        <table className={styles.table} style={{ minWidth: width }} aria-rowcount={list.length}>
          <colgroup>
            {table.getVisibleLeafColumns().map((column) => (
              <col
                key={column.id}
                style={{ width: column.columnDef.meta?.grows ? undefined : column.columnDef.meta?.width }}
              />
            ))}
          </colgroup>
          <thead>
            <tr>
              {table.getFlatHeaders().map((header) => {
                const sorted = header.column.getIsSorted();
                const meta = header.column.columnDef.meta;
                return (
                  <th
                    key={header.id}
                    scope="col"
                    data-right={meta?.right || undefined}
                    aria-sort={sorted === 'desc' ? 'descending' : sorted === 'asc' ? 'ascending' : undefined}
                    title={meta?.hint}
                  >
                    <button type="button" onClick={header.column.getToggleSortingHandler()}>
                      {flexRender(header.column.columnDef.header, header.getContext())}
                      {sorted === 'desc' && <ArrowDown />}
                      {sorted === 'asc' && <ArrowUp />}
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {before > 0 && <tr style={{ height: before }} />}
            {items.map(({ index }) => {
              const row = list[index];
              if (row === undefined) return null;
              return (
                <tr
                  key={row.id}
                  aria-rowindex={index + 1}
                  data-selected={row.id === selected || undefined}
                  data-open={onOpen !== undefined || undefined}
                  onClick={(event) => {
                    if ((event.target as Element).closest('a,button') === null) onOpen?.(row.original);
                  }}
                >
                  {row.getVisibleCells().map((cell) => (
                    <td key={cell.id} data-right={cell.column.columnDef.meta?.right || undefined}>
                      {flexRender(cell.column.columnDef.cell, cell.getContext())}
                    </td>
                  ))}
                </tr>
              );
            })}
            {after > 0 && <tr style={{ height: after }} />}
          </tbody>
        </table>
        {list.length === 0 && <div className={styles.empty}>{props.empty}</div>}
      </section>
    </div>
  );
}
