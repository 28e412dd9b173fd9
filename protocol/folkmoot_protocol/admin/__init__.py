"""Platform administration as rows: what there is to administer, what can be done with it, and what each verb takes.

The command line, the server and the documentation read the same rows. To add a verb, write its row here and its
function in the server's `admin/`.
"""
