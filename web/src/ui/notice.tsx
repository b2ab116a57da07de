import type { ReactNode } from 'react';

interface NoticeProps {
  readonly tone: 'info' | 'good' | 'warning' | 'danger';
  readonly children: ReactNode;
}

/** Something that the person has to know. Screen readers read it when it appears. */
export function Notice({ tone, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={tone === 'danger' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
