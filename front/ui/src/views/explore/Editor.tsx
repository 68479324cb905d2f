// The PromQL editor: completion from the server, documentation on hover, errors at their place.
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, hoverTooltip, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useRef } from 'react';
import { getData } from '../../api/client';
import { useTranslate } from '../../i18n/translate';
import styles from './Editor.module.css';

export interface EditorError {
  from: number;
  to: number;
  message: string;
}

interface Props {
  value: string;
  error: EditorError | null;
  onChange: (text: string) => void;
  onRun: (text: string) => void;
}

interface CatalogEntry {
  name: string;
  signature?: string;
  doc?: string;
}

let catalog: Promise<Map<string, CatalogEntry>> | null = null;

/** What the server knows of functions; without it the editor keeps to what its package knows. */
function loadCatalog(): Promise<Map<string, CatalogEntry>> {
  catalog ??= getData('/api/v1/promql/catalog', {}, null)
    .then((data) => {
      const lists = data as { functions?: CatalogEntry[]; aggregations?: CatalogEntry[] } | undefined;
      const entries = [...(lists?.functions ?? []), ...(lists?.aggregations ?? [])];
      return new Map(entries.map((entry) => [entry.name, entry]));
    })
    .catch(() => new Map());
  return catalog;
}

const documentation = hoverTooltip(async (view, at) => {
  const line = view.state.doc.lineAt(at);
  const before = /\w*$/.exec(line.text.slice(0, at - line.from))?.[0] ?? '';
  const after = /^\w*/.exec(line.text.slice(at - line.from))?.[0] ?? '';
  const entry = (await loadCatalog()).get(before + after);
  if (entry === undefined) return null;
  return {
    pos: at - before.length,
    end: at + after.length,
    above: true,
    create: () => {
      const dom = document.createElement('div');
      dom.className = styles.doc ?? '';
      const signature = document.createElement('code');
      signature.textContent = entry.signature ?? entry.name;
      const text = document.createElement('p');
      text.textContent = entry.doc ?? '';
      dom.append(signature, text);
      return { dom };
    },
  };
});

const colors = HighlightStyle.define([
  { tag: tags.name, color: 'var(--n8)' },
  { tag: [tags.function(tags.variableName), tags.standard(tags.name)], color: 'var(--series-0)' },
  { tag: tags.labelName, color: 'var(--series-2)' },
  { tag: tags.string, color: 'var(--series-1)' },
  { tag: tags.number, color: 'var(--series-7)' },
  { tag: [tags.operator, tags.modifier, tags.keyword], color: 'var(--series-3)' },
  { tag: tags.operatorKeyword, color: 'var(--series-3)' },
  { tag: tags.comment, color: 'var(--n6)' },
  { tag: tags.paren, color: 'var(--n7)' },
  { tag: tags.squareBracket, color: 'var(--n7)' },
  { tag: tags.brace, color: 'var(--n7)' },
]);

function language() {
  return new PromQLExtension()
    .activateLinter(false)
    .setComplete({
      remote: {
        url: '',
        httpMethod: 'GET',
        fetchFn: (input, init) => fetch(input, init),
        lookbackInterval: 3_600_000,
      },
    })
    .asExtension();
}

export function Editor({ value, error, onChange, onRun }: Props) {
  const t = useTranslate();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef({ onChange, onRun });
  latest.current = { onChange, onRun };
  const label = t('explore.editor');
  const hint = t('explore.placeholder');

  useEffect(() => {
    if (host.current === null) return;
    const run = (target: EditorView): boolean => {
      latest.current.onRun(target.state.doc.toString());
      return true;
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false, maxRenderedOptions: 100 }),
          Prec.high(
            keymap.of([
              { key: 'Tab', run: acceptCompletion },
              { key: 'Mod-Enter', run },
            ]),
          ),
          keymap.of([...completionKeymap, ...closeBracketsKeymap]),
          keymap.of([{ key: 'Enter', run, shift: (target) => !target.state.readOnly && insertLine(target) }]),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          language(),
          documentation,
          syntaxHighlighting(colors),
          placeholder(hint),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, 'data-testid': 'editor' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [label, hint]);

  useEffect(() => {
    const made = view.current;
    if (made === null || made.state.doc.toString() === value) return;
    made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const made = view.current;
    if (made === null) return;
    const end = made.state.doc.length;
    const diagnostics =
      error === null || error.from >= end
        ? []
        : [
            {
              from: error.from,
              to: Math.min(end, error.to),
              severity: 'error' as const,
              message: error.message,
            },
          ];
    made.dispatch(setDiagnostics(made.state, diagnostics));
  }, [error]);

  return <div ref={host} className={styles.editor} />;
}

function insertLine(view: EditorView): boolean {
  view.dispatch(view.state.replaceSelection('\n'));
  return true;
}
