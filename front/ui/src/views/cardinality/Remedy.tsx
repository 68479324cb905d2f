// What can be done about what is shown: the rule that would not keep it, ready to be copied.
import { Copy } from 'lucide-react';
import { copyText } from '../../chart/export';
import type { CardinalitySearch } from '../../frame/router';
import { formatValue } from '../../format/units';
import { useTranslate } from '../../i18n/translate';
import { notify } from '../../parts/Toast';
import { dropRule } from './rule';
import styles from './CardinalityView.module.css';

export function Remedy({
  search,
  series,
  total,
}: {
  search: CardinalitySearch;
  series: number;
  total: number;
}) {
  const t = useTranslate();
  const rule = dropRule(search);
  if (rule === null) {
    return (
      <section className={styles.section}>
        <h2>{t('cardinality.remedy')}</h2>
        <p className={styles.note}>{t('cardinality.choose')}</p>
      </section>
    );
  }
  return (
    <section className={styles.section}>
      <h2>{t('cardinality.remedy')}</h2>
      <p className={styles.note}>
        {t('cardinality.saves', {
          series: formatValue(series, 'count'),
          share: formatValue(series / Math.max(1, total), 'ratio'),
        })}
      </p>
      <div className={styles.rule}>
        <pre>{rule}</pre>
        <button
          type="button"
          aria-label={t('cardinality.copy')}
          title={t('cardinality.copy')}
          onClick={() => void copyText(rule, 'relabel', 'yml').then((taken) => notify(t(`toast.${taken}`)))}
        >
          <Copy />
        </button>
      </div>
    </section>
  );
}
