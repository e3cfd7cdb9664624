import os, time, psycopg2

CONNECT = dict(dsn=os.environ.get("DATABASE", "postgresql://127.0.0.1/app"), connect_timeout=5,
               keepalives=1, keepalives_idle=120, keepalives_interval=30, keepalives_count=4)

def read(sql, tries=3):
    for attempt in range(tries):
        try:
            with psycopg2.connect(**CONNECT) as connection, connection.cursor() as cursor:
                cursor.execute(sql)                         # a read may be repeated; a write only in a
                return cursor.fetchall()                    # transaction whose COMMIT was not sent
        except psycopg2.OperationalError:
            if attempt == tries - 1:
                raise
            time.sleep(2 ** attempt)

if __name__ == "__main__":
    print(read("select 1"))
