// An object in full, as its API server holds it: asked only when somebody wants to read it.
import { ChevronRight, Copy } from 'lucide-react';
import { useState } from 'react';
import { useRawObject } from '../../../api/clusterHooks';
import type { ObjectRef } from '../../../api/kubernetes';
import { copyText } from '../../../chart/export';
import { useTranslate } from '../../../i18n/translate';
import { Message, Skeleton } from '../../../parts/States';
import { notify } from '../../../parts/Toast';
import styles from './Raw.module.css';

export function Raw({ cluster, target }: { cluster: string; target: Omit<ObjectRef, 'apiVersion'> }) {
  const t = useTranslate();
  const [isOpen, setOpen] = useState(false);
  const answer = useRawObject(cluster, target, isOpen);
  const text = answer.data;
  return (
    <section className={styles.raw}>
      <header>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <ChevronRight />
          <h2>{t('k8s.raw')}</h2>
          <small>{t('k8s.rawHint')}</small>
        </button>
        {isOpen && text !== undefined && (
          <button
            type="button"
            className={styles.copy}
            onClick={() =>
              void copyText(text, target.name, 'yaml').then((taken) => notify(t(`toast.${taken}`)))
            }
          >
            <Copy />
            {t('k8s.copyYaml')}
          </button>
        )}
      </header>
      {isOpen &&
        (text !== undefined ? (
          <pre tabIndex={0} aria-label={t('k8s.raw')}>
            {text}
          </pre>
        ) : answer.error !== null ? (
          <Message kind="error" text={answer.error.message} onRetry={answer.retry} />
        ) : (
          <Skeleton lines={6} />
        ))}
    </section>
  );
}
