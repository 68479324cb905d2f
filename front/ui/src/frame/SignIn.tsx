// Asks for the token when the server wants one, and says where to find it.
import { useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ApiError, signIn } from '../api/client';
import { useTranslate } from '../i18n/translate';
import { Mark } from './Frame';
import styles from './SignIn.module.css';

export function SignIn() {
  const t = useTranslate();
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(token.trim());
      await client.resetQueries();
    } catch (cause) {
      const refused = cause instanceof ApiError && (cause.status === 401 || cause.status === 403);
      setError(refused ? t('signin.refused') : t('signin.failed', { why: (cause as Error).message }));
    } finally {
      setBusy(false);
    }
  }
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Periplus
        </h1>
        <p>{t('signin.text')}</p>
        <label htmlFor="token">{t('signin.token')}</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          autoFocus
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : 'token-error'}
        />
        {error !== null && (
          <p id="token-error" role="alert" className={styles.error}>
            {error}
          </p>
        )}
        <button type="submit" disabled={busy || token.trim() === ''}>
          <KeyRound />
          {t('signin.in')}
        </button>
      </form>
    </main>
  );
}
