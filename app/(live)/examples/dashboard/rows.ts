export interface Row {
  id: number
  customer: string
  cents: number
}

const names = ['Ann', 'Bob', 'Cid', 'Dora', 'Eve', 'Fay', 'Gil', 'Hal', 'Ida', 'Jon', 'Kim']

/** Stands for a query of your database, or a file that was imported. */
export function loadRows(): Row[] {
  return Array.from({ length: 10_000 }, (_, id) => ({
    id,
    customer: `${names[(id * 7) % names.length]} ${(id * 7919) % 10_000}`,
    cents: (id * 104_729) % 100_000,
  }))
}
