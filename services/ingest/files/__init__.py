"""Files of departments: tables in CSV and XLSX become the same events that devices and systems send."""
