/** The address of the state that belongs to the tab of a page. An address names an instance for a page; which token it stands for, the hub knows. */
export const ownAddress = 'tab'
