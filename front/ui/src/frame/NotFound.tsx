// A page that does not exist says so and offers the way back.
import { Link } from '@tanstack/react-router';
import { useTranslate } from '../i18n/translate';
import { Message } from '../parts/States';
import styles from './Frame.module.css';

export function NotFound() {
  const t = useTranslate();
  return (
    <div className={styles.notFound}>
      <Message kind="empty" text={t('notFound.text', { path: location.pathname })} />
      <Link to="/">{t('notFound.back')}</Link>
    </div>
  );
}
