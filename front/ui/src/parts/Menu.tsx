// A menu behind a button: actions and choices, all reachable by keyboard.
import * as Dropdown from '@radix-ui/react-dropdown-menu';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Menu.module.css';

export type MenuEntry =
  | 'line'
  | {
      icon?: ReactNode;
      text: string;
      /** Shown as chosen; leave out for actions. */
      checked?: boolean;
      /** Keeps the menu open, for lists of switches. */
      stay?: boolean;
      onSelect: () => void;
    };

interface Props {
  label: string;
  trigger: ReactNode;
  entries: readonly MenuEntry[];
  className?: string | undefined;
  align?: 'start' | 'end';
}

export function Menu({ label, trigger, entries, className, align = 'end' }: Props) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger className={`${styles.trigger} ${className ?? ''}`} aria-label={label} title={label}>
        {trigger}
      </Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className={styles.content} align={align} sideOffset={4} collisionPadding={8}>
          {entries.map((entry, idx) =>
            entry === 'line' ? (
              <Dropdown.Separator key={`line${idx}`} className={styles.line} />
            ) : entry.checked === undefined ? (
              <Dropdown.Item key={entry.text} className={styles.item} onSelect={entry.onSelect}>
                {entry.icon}
                {entry.text}
              </Dropdown.Item>
            ) : (
              <Dropdown.CheckboxItem
                key={entry.text}
                className={styles.item}
                checked={entry.checked}
                onSelect={(event) => {
                  if (entry.stay) event.preventDefault();
                  entry.onSelect();
                }}
              >
                <span className={styles.check}>
                  <Dropdown.ItemIndicator>
                    <Check />
                  </Dropdown.ItemIndicator>
                </span>
                {entry.icon}
                {entry.text}
              </Dropdown.CheckboxItem>
            ),
          )}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}
