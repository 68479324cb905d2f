// A dialog that takes the focus and gives it back.
import * as Dialog from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslate } from '../i18n/translate';
import styles from './Modal.module.css';

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  /** Without a visible title: the content has its own head. */
  bare?: boolean;
  children: ReactNode;
}

export function Modal({ open, onClose, title, bare = false, children }: Props) {
  const t = useTranslate();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.content} aria-describedby={undefined}>
          {bare ? (
            <Dialog.Title className="visually-hidden">{title}</Dialog.Title>
          ) : (
            <header className={styles.head}>
              <Dialog.Title>{title}</Dialog.Title>
              <Dialog.Close aria-label={t('action.close')}>
                <X />
              </Dialog.Close>
            </header>
          )}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
