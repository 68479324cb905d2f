// The keys, for those who ask with `?`.
import { type MessageKey, useTranslate } from '../i18n/translate';
import { Modal } from '../parts/Modal';
import { useAreas } from './areas';
import styles from './Shortcuts.module.css';

const KEYS: ReadonlyArray<[string, MessageKey]> = [
  ['Ctrl K', 'palette.open'],
  ['/', 'palette.open'],
  ['?', 'shortcuts.title'],
  ['f', 'shortcuts.filter'],
  ['j', 'shortcuts.down'],
  ['k', 'shortcuts.up'],
  ['Enter', 'shortcuts.enter'],
  ['Ctrl Enter', 'shortcuts.run'],
];
const POINTER: ReadonlyArray<[MessageKey, MessageKey]> = [
  ['shortcuts.drag', 'shortcuts.zoom'],
  ['shortcuts.doubleClick', 'shortcuts.zoomOut'],
  ['shortcuts.click', 'shortcuts.pin'],
];

export function Shortcuts({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useTranslate();
  const areas = useAreas();
  return (
    <Modal open={open} onClose={onClose} title={t('shortcuts.title')}>
      <dl className={styles.list}>
        {areas.map(({ letter, name }) => (
          <div key={letter}>
            <dt>
              <kbd>g</kbd> <kbd>{letter}</kbd>
            </dt>
            <dd>{t(name)}</dd>
          </div>
        ))}
        {KEYS.map(([key, name]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((part) => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{t(name)}</dd>
          </div>
        ))}
        {POINTER.map(([how, what]) => (
          <div key={how}>
            <dt>{t(how)}</dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
