import type { ReactNode } from 'react';

interface TableProps {
  readonly className?: string;
  readonly columns: readonly string[];
  /** Adds a last column whose heading only screen readers read. */
  readonly hasActions?: boolean;
  /** Its rows. */
  readonly children: ReactNode;
}

export function Table({ className, columns, hasActions = false, children }: TableProps) {
  return (
    <table className={className}>
      <thead>
        <tr>
          {columns.map((each) => (
            <th key={each}>{each}</th>
          ))}
          {hasActions && (
            <th>
              <span className="hidden">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
